/** The web UI: output of several hosts, each line with the name of its host, all of them or those of one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { outputLine, patienceMs, takeScreenshot, webTestWith } from '../support/browser.ts';
import { hasSshd, startSshd } from '../support/sshd.ts';

const sshd = hasSshd ? await startSshd() : undefined;
const config = sshd
  ? `[system_user]\nssh_key_file = ${sshd.userKey.path}\n[ssh_runner]\nssh_connect_timeout = 20\n`
  : '';
const webTest = webTestWith({ config });

afterAll(() => sshd?.[Symbol.asyncDispose]());

webTest('lines of hosts have their names, and one host can be seen alone', async ({ open, server, skip }) => {
  if (!sshd) return skip('there is no sshd here');
  const gate = join(server.home, 'gate');
  const cmd = `echo begun; echo careful >&2; until [ -e ${gate} ]; do sleep 0.05; done; echo ended`;
  const hosts = `127.0.0.1:${sshd.port}, localhost:${sshd.port}`;
  const id = await server.run('core.remote', { hosts, cmd });
  const page = await open(`/history/${id}/general`);
  const log = page.getByRole('log');
  await expect.poll(() => log.locator('[data-host]').count(), { timeout: patienceMs }).toBe(4);
  expect(new Set(await log.locator('[data-host]').allTextContents())).toEqual(new Set(['127.0.0.1', 'localhost']));
  await writeFile(gate, '');
  await page.getByTestId('output-end').waitFor();
  expect(await log.locator('[data-host]').count()).toBe(6);
  await takeScreenshot(page, 'output-of-hosts');
  await page.getByRole('combobox', { name: 'Host' }).selectOption('localhost');
  await expect.poll(() => log.locator('[data-host]').count(), { timeout: patienceMs }).toBe(3);
  expect(new Set(await log.locator('[data-host]').allTextContents())).toEqual(new Set(['localhost']));
  await page.getByRole('button', { name: 'stderr' }).click();
  await expect.poll(() => log.locator('[data-host]').count(), { timeout: patienceMs }).toBe(1);
  await takeScreenshot(page, 'output-of-one-host');
});

webTest('where nothing has a host, nothing speaks of hosts', async ({ open, server }) => {
  const id = await server.run('core.local', { cmd: 'echo one' });
  const page = await open(`/history/${id}/general`);
  await outputLine(page, 1).waitFor();
  expect(await page.locator('[data-host]').count()).toBe(0);
  expect(await page.getByRole('combobox', { name: 'Host' }).count()).toBe(0);
});
