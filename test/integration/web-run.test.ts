/** The web UI: from an action's schema to a form, from the form to an execution, and what can be done with that. */
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { addressOf, outputLine, patienceMs, webTestWith } from '../support/browser.ts';
import type { TestServer } from '../support/server.ts';
import { processesOf } from '../support/server-process.ts';

const pack: Readonly<Record<string, string>> = {
  'packs/forms/pack.yaml':
    'ref: forms\nname: forms\ndescription: Forms\nversion: 1.0.0\nauthor: Jane\nemail: j@example.com\n',
  'packs/forms/actions/deploy.yaml': `name: deploy
description: Puts a version of a service where it is wanted.
runner_type: local-shell-script
entry_point: deploy.sh
enabled: true
parameters:
  service: {type: string, required: true, position: 0, description: Its name.}
  environment: {type: string, enum: [staging, production], required: true, position: 1}
  replicas: {type: integer, minimum: 1, maximum: 9, default: 2, position: 2}
  ratio: {type: number, position: 3}
  password: {type: string, secret: true, required: true, position: 4}
  dry_run: {type: boolean, default: false, position: 5}
  hosts: {type: array, position: 6}
  labels: {type: object, position: 7}
  ticket: {type: string, pattern: '^[A-Z]+-[0-9]+$', position: 8}
  hidden: {type: string, immutable: true, default: fixed, position: 9}
`,
  'packs/forms/actions/deploy.sh': '#!/bin/sh\necho "service $1 to $2"\n',
};

const test = webTestWith({ files: pack });

const field = (page: Page, name: string) => page.getByTestId(`parameter-${name}`);
const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true }).click();
const status = (page: Page) => page.getByTestId('execution-status').textContent();
/** The message that the field itself is described by. */
const messageOf = async (page: Page, name: string) => {
  const ids = (await field(page, name).getAttribute('aria-describedby')) ?? '';
  const texts = await Promise.all(
    ids.split(' ').map(async (id) => (id.endsWith('-error') ? page.locator(`[id="${id}"]`).textContent() : '')),
  );
  return texts.join('');
};
const executionCount = async (server: TestServer) =>
  Number((await server.request('GET', '/api/v1/executions?limit=1')).headers.get('x-total-count'));

/** The execution whose page has come. */
async function shownExecution(page: Page): Promise<string> {
  await page.waitForURL(/#\/history\/[0-9a-f]{24}\/general$/);
  return /[0-9a-f]{24}/.exec(page.url())?.[0] ?? '';
}

describe('the form', () => {
  test('says beside each field what is wrong with it, before anything is sent', async ({ open, server }) => {
    const page = await open('/actions/forms.deploy');
    await page.getByRole('form', { name: 'Run forms.deploy' }).waitFor();
    const before = await executionCount(server);
    expect(await page.locator(':focus').getAttribute('name')).toBe('parameter-service');
    await run(page);
    for (const name of ['service', 'environment', 'password']) {
      expect(await messageOf(page, name), name).toBe('A value is required.');
      expect(await field(page, name).getAttribute('aria-invalid'), name).toBe('true');
    }
    expect(await page.locator(':focus').getAttribute('name')).toBe('parameter-service');
    await field(page, 'service').fill('web');
    expect(await messageOf(page, 'service')).toBe('');

    await field(page, 'replicas').fill('two');
    expect(await messageOf(page, 'replicas')).toBe('A whole number, please.');
    await field(page, 'replicas').fill('2.5');
    expect(await messageOf(page, 'replicas')).toBe('A whole number, please.');
    await field(page, 'replicas').fill('10');
    expect(await messageOf(page, 'replicas')).toBe('At most 9.');
    await field(page, 'replicas').fill('0');
    expect(await messageOf(page, 'replicas')).toBe('At least 1.');
    await field(page, 'ratio').fill('much');
    expect(await messageOf(page, 'ratio')).toBe('A number, please.');
    await field(page, 'labels').fill('{"a":');
    expect(await messageOf(page, 'labels')).toMatch(/^This is not JSON: /);
    expect(await executionCount(server)).toBe(before);
  });

  test('runs at the first press, although the field that is left says what is wrong and moves the button', async ({
    open,
  }) => {
    const page = await open('/actions/forms.deploy');
    await field(page, 'replicas').fill('10');
    await run(page);
    await expect.poll(() => messageOf(page, 'service'), { timeout: patienceMs }).toBe('A value is required.');
    expect(await messageOf(page, 'replicas')).toBe('At most 9.');
  });

  test('offers what the schema allows and nothing else', async ({ open }) => {
    const page = await open('/actions/forms.deploy');
    const options = (name: string) => field(page, name).locator('option').allTextContents();
    await field(page, 'environment').waitFor();
    expect(await options('environment')).toEqual(['not given', 'staging', 'production']);
    expect(await options('dry_run')).toEqual(['default: false', 'true', 'false']);
    expect(await field(page, 'hidden').count()).toBe(0);
    // What belongs to the runner is folded away.
    expect(await field(page, 'timeout').isVisible()).toBe(false);
    await page.getByText(/^Runner options/).click();
    await field(page, 'timeout').waitFor();
  });

  test('sends what was filled in, with its type; the secret is shown nowhere', async ({ open, server }) => {
    const secret = 'correct horse';
    const page = await open('/actions/forms.deploy');
    await field(page, 'service').fill('web');
    await field(page, 'environment').selectOption('staging');
    await field(page, 'replicas').fill('3');
    await field(page, 'ratio').fill('0.5');
    expect(await field(page, 'password').getAttribute('type')).toBe('password');
    await field(page, 'password').fill(secret);
    await field(page, 'dry_run').selectOption('true');
    await field(page, 'hosts').fill('a.example\nb.example');
    await field(page, 'labels').fill('{"team": "ops"}');
    await field(page, 'labels').press('Control+Enter');

    const id = await shownExecution(page);
    await page.getByTestId('output-end').waitFor();
    expect(await outputLine(page, 1).locator('[data-text]').textContent()).toBe('service web to staging');
    expect((await server.execution(id))['parameters']).toEqual({
      service: 'web',
      environment: 'staging',
      replicas: 3,
      ratio: 0.5,
      password: secret,
      dry_run: true,
      hosts: ['a.example', 'b.example'],
      labels: { team: 'ops' },
    });
    await page.getByText('********').waitFor();
    await page.getByTestId('execution-result').getByText('return_code').waitFor();
    expect(await page.content()).not.toContain(secret);

    // Again with a change: the secret is not typed again, and still sent.
    await page.getByRole('link', { name: 'Edit and run' }).click();
    await expect.poll(() => field(page, 'service').inputValue(), { timeout: patienceMs }).toBe('web');
    expect(await field(page, 'password').inputValue()).toBe('');
    await page.getByText('Left empty, the earlier value is used.').waitFor();
    await field(page, 'environment').selectOption('production');
    await run(page);
    await page.waitForURL((url) => !url.href.includes(id) && url.hash.startsWith('#/history/'));
    const next = await shownExecution(page);
    await page.getByTestId('output-end').waitFor();
    expect((await server.execution(next))['parameters']).toMatchObject({
      environment: 'production',
      replicas: 3,
      password: secret,
    });
  });

  test('shows what only the server can say', async ({ open }) => {
    const page = await open('/actions/forms.deploy', { expectedProblems: [/status of 400/] });
    await field(page, 'service').fill('web');
    await field(page, 'environment').selectOption('staging');
    await field(page, 'password').fill('x');
    await field(page, 'ticket').fill('none');
    await run(page);
    await page.getByRole('alert').getByText('The server did not run it').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/ticket|none/);
    await field(page, 'ticket').fill('OPS-7');
    await run(page);
    await shownExecution(page);
  });
});

describe('an execution', () => {
  test('is canceled after asking, with all its processes', async ({ open, server }) => {
    const page = await open('/actions/core.local');
    await field(page, 'cmd').fill('echo ready; sleep 600 & sleep 600');
    await field(page, 'cmd').press('Enter');
    const id = await shownExecution(page);
    await outputLine(page, 1).getByText('ready').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Let it run' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await status(page)).toBe('running');

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await expect.poll(() => status(page), { timeout: patienceMs }).toBe('canceled');
    await page.getByTestId('output-end').waitFor();
    expect(await page.getByTestId('output-end').getAttribute('data-status')).toBe('canceled');
    expect(await page.getByRole('button', { name: 'Cancel', exact: true }).count()).toBe(0);
    expect(await server.execution(id)).toMatchObject({ context: { cancelled_by: 'st2admin' } });
    expect(processesOf(id)).toEqual([]);
  });

  test('is run again with the same parameters, on a page of its own', async ({ open, server }) => {
    const first = await server.run('core.local', { cmd: 'echo again; exit 7' });
    await server.finished(first);
    const page = await open(`/history/${first}/general`);
    await page.getByRole('button', { name: 'Re-run' }).click();
    await page.waitForURL((url) => !url.href.includes(first));
    const second = await shownExecution(page);
    await page.getByTestId('output-end').waitFor();
    expect(await page.getByTestId('output-exit-code').textContent()).toBe('exit code 7');
    expect(await server.execution(second)).toMatchObject({ parameters: { cmd: 'echo again; exit 7' } });
    await page.goBack();
    await page.waitForURL(addressOf(server, `/history/${first}/general`));
    await expect.poll(() => status(page), { timeout: patienceMs }).toBe('failed');
  });
});

test('actions are found by words of their name and description, and lead to their form', async ({ open, server }) => {
  const page = await open('/actions');
  await page.locator('[data-ref="forms.deploy"]').waitFor();
  const all = await page.getByTestId('action-row').count();
  expect(all).toBe((await server.request('GET', '/api/v1/actions?limit=-1')).json['length']);
  await page.getByLabel('Search actions').fill('VERSION service');
  await expect.poll(() => page.getByTestId('action-row').count(), { timeout: patienceMs }).toBe(1);
  await page.getByLabel('Search actions').fill('nothing like this');
  await page.getByText('No action has this in its name or description.').waitFor();
  await page.getByLabel('Search actions').fill('deploy');
  await page.getByRole('link', { name: 'forms.deploy' }).click();
  await page.getByRole('form', { name: 'Run forms.deploy' }).waitFor();
});
