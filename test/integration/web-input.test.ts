/** The web UI: a prompt of a running action is answered below its output. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { outputLine, patienceMs, takeScreenshot, webTest } from '../support/browser.ts';
import { nameCommand } from '../support/prompt.ts';

const textOf = (page: Page, line: number) => outputLine(page, line).locator('[data-text]').textContent();
const soon = (page: Page, line: number, text: string) =>
  expect.poll(() => textOf(page, line), { timeout: patienceMs }).toBe(text);

webTest('an answer is typed and sent; the field goes with the program', async ({ open, server }) => {
  const id = await server.run('core.local', { cmd: `${nameCommand}; cat`, interactive: true });
  const page = await open(`/history/${id}/general`);
  await soon(page, 1, 'name? ');
  const answer = page.getByRole('textbox', { name: 'Answer' });
  await answer.fill('ann');
  await answer.press('Enter');
  await soon(page, 1, 'name? hi ann');
  await expect.poll(() => answer.inputValue(), { timeout: patienceMs }).toBe('');
  expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Answer');
  await answer.fill('another line');
  await page.getByRole('button', { name: 'Send' }).click();
  await soon(page, 2, 'another line');
  expect(await page.getByRole('button', { name: 'Interrupt' }).count()).toBe(0);
  await page.getByRole('button', { name: 'End of input' }).click();
  await page.getByTestId('output-end').waitFor();
  await page.getByTestId('input-line').waitFor({ state: 'detached' });
});

webTest('at a terminal: what is typed can be hidden, and the program interrupted', async ({ open, server }) => {
  const cmd = 'trap "echo stopped; exit 0" INT; while read -r -p "> " l; do echo "${#l} characters"; done';
  const id = await server.run('core.local', { cmd, tty: true });
  const page = await open(`/history/${id}/general`);
  await soon(page, 1, '> ');
  const hide = page.getByRole('button', { name: 'Hide what is typed' });
  await hide.click();
  expect(await hide.getAttribute('aria-pressed')).toBe('true');
  const answer = page.getByLabel('Answer');
  expect(await answer.getAttribute('type')).toBe('password');
  await answer.fill('secret');
  await answer.press('Enter');
  await soon(page, 2, '6 characters');
  await page.getByRole('button', { name: 'Interrupt' }).click();
  await page.getByTestId('output-end').waitFor();
  await expect.poll(() => page.getByRole('log').textContent(), { timeout: patienceMs }).toContain('stopped');
});

webTest('what cannot be sent is said, and stays in the field', async ({ open, server }) => {
  const id = await server.run('core.local', { cmd: 'cat; sleep 600', interactive: true });
  const page = await open(`/history/${id}/general`, { expectedProblems: [/status of 409/] });
  await page.getByRole('button', { name: 'End of input' }).click();
  const answer = page.getByRole('textbox', { name: 'Answer' });
  await answer.fill('too late');
  await answer.press('Enter');
  await page.getByRole('alert').getByText('has ended').waitFor();
  expect(await answer.inputValue()).toBe('too late');
  await server.request('DELETE', `/api/v1/executions/${id}`);
  await page.getByTestId('output-end').waitFor();
});

webTest('an execution that takes no input has no field', async ({ open, server }) => {
  const id = await server.run('core.local', { cmd: 'echo up; sleep 600' });
  const page = await open(`/history/${id}/general`);
  await soon(page, 1, 'up');
  expect(await page.getByTestId('input-line').count()).toBe(0);
  await server.request('DELETE', `/api/v1/executions/${id}`);
  await page.getByTestId('output-end').waitFor();
});

webTest.for([
  ['desktop', 'light'],
  ['phone', 'dark'],
] as const)('it fits, and looks like the rest (%s, %s)', async ([device, scheme], { open, server }) => {
  const id = await server.run('examples.ask_name', {});
  const page = await open(`/history/${id}/general`, { isPhone: device === 'phone', scheme });
  await page.getByText('What is your name?').waitFor();
  await page.getByRole('textbox', { name: 'Answer' }).fill('Ada Lovelace');
  expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0);
  await takeScreenshot(page, `input-${device}-${scheme}`);
  await server.request('DELETE', `/api/v1/executions/${id}`);
  await page.getByTestId('output-end').waitFor();
});
