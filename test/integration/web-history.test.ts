/** The web UI: the list of what ran, live; its filters, pages and keys. */
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { addressOf, patienceMs, webTest } from '../support/browser.ts';
import { forEachConcurrently } from '../support/server-wait.ts';
import { runStepwise } from '../support/stepwise.ts';

const rows = (page: Page) => page.getByTestId('execution-row');
const row = (page: Page, id: string) => page.locator(`[data-testid=execution-row][data-id="${id}"]`);
const statusOf = (page: Page, id: string) => row(page, id).locator('[data-status]').getAttribute('data-status');
const statuses = (page: Page) =>
  rows(page)
    .locator('[data-status]')
    .evaluateAll((badges) => badges.map((badge) => badge.getAttribute('data-status')));
const range = (page: Page) => page.getByTestId('history-range').textContent();

async function soon<T>(ask: () => Promise<T>, wanted: T): Promise<void> {
  await expect.poll(ask, { timeout: patienceMs }).toEqual(wanted);
}

webTest(
  'before anything has run, it says how to begin; the first execution replaces that',
  async ({ open, server }) => {
    const page = await open('/history');
    await page.getByText('Nothing has run yet.').waitFor();
    await soon(() => page.getByTestId('connection-state').textContent(), 'live');
    const id = await server.run('core.noop');
    await row(page, id).waitFor();
  },
);

webTest(
  'an execution started elsewhere appears, on top, and changes in place, without a reload',
  async ({ open, server }) => {
    const page = await open('/history');
    await soon(() => page.getByTestId('connection-state').textContent(), 'live');
    await page.evaluate('window.isSamePage = true');
    const { id, go } = await runStepwise(server, 'wait_for a; exit 1');
    await soon(() => statusOf(page, id), 'running');
    expect(await rows(page).first().getAttribute('data-id')).toBe(id);
    expect(await row(page, id).textContent()).toContain('core.local');
    await go('a');
    await soon(() => statusOf(page, id), 'failed');
    expect(await page.evaluate('window.isSamePage')).toBe(true);
  },
);

describe('many executions', () => {
  webTest(
    'filters by status and action are in the address; new ones come only where they fit',
    async ({ open, server }) => {
      const good = await server.run('core.noop');
      const bad = await server.run('core.local', { cmd: 'exit 1' });
      await server.finished(good);
      await server.finished(bad);
      const page = await open('/history');
      await row(page, bad).waitFor();
      await page.getByLabel('Status').selectOption('failed');
      await row(page, good).waitFor({ state: 'detached' });
      expect(new Set(await statuses(page))).toEqual(new Set(['failed']));

      const nextGood = await server.run('core.local', { cmd: 'exit 0' });
      const nextBad = await server.run('core.local', { cmd: 'exit 2' });
      await server.finished(nextGood);
      await soon(() => statusOf(page, nextBad), 'failed');
      expect(await row(page, nextGood).count()).toBe(0);

      await page.getByRole('button', { name: 'Clear' }).click();
      await row(page, good).waitFor();
      await page.getByLabel('Action', { exact: true }).fill('core.noop');
      await page.getByLabel('Action', { exact: true }).press('Enter');
      await row(page, bad).waitFor({ state: 'detached' });
      expect(page.url()).toContain('action=core.noop');

      // The address alone brings a colleague there.
      const colleague = await open(page.url().split('#')[1] ?? '');
      await row(colleague, good).waitFor();
      expect(await row(colleague, bad).count()).toBe(0);
      await page.goBack();
      await row(page, bad).waitFor();
    },
  );

  webTest('older ones are on further pages', async ({ open, server }) => {
    await forEachConcurrently(Array.from({ length: 60 }), 8, async () => void (await server.run('core.noop')));
    const { json } = await server.request('GET', '/api/v1/executions?limit=1&status=succeeded');
    await server.finished(json[0].id);
    const page = await open('/history');
    await expect.poll(() => range(page), { timeout: patienceMs }).toMatch(/^1–50 of \d+$/);
    expect(await rows(page).count()).toBe(50);
    expect(await page.getByRole('button', { name: 'Newer' }).isDisabled()).toBe(true);
    const newest = await rows(page).first().getAttribute('data-id');
    await page.getByRole('button', { name: 'Older' }).click();
    await expect.poll(() => range(page), { timeout: patienceMs }).toMatch(/^51–(\d+) of \1$/);
    expect(await page.locator(`[data-id="${newest}"]`).count()).toBe(0);
    await page.getByRole('button', { name: 'Newer' }).click();
    await expect.poll(() => range(page), { timeout: patienceMs }).toMatch(/^1–50 of/);
  });
});

webTest(
  'keys: / to filter, j and k through the rows, Enter to open, g a and g h to go, ? for help',
  async ({ open, server }) => {
    const older = await server.run('core.noop');
    await server.finished(older);
    const newer = await server.run('core.local', { cmd: 'echo hello' });
    await server.finished(newer);
    const page = await open('/history');
    await row(page, newer).waitFor();
    const focused = () =>
      page.locator(':focus').evaluate((element) => element.getAttribute('aria-label') ?? element.tagName);

    await page.keyboard.press('/');
    await soon(focused, 'Action');
    await page.keyboard.type('g a');
    expect(await page.getByLabel('Action', { exact: true }).inputValue()).toBe('g a');
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Escape');

    for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
    await page.keyboard.press('Enter');
    await page.waitForURL(addressOf(server, `/history/${newer}/general`));
    await page.getByTestId('output-end').waitFor();
    await page.keyboard.press('/');
    await soon(focused, 'Search in the output');
    await page.keyboard.press('Escape');

    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL(addressOf(server, '/actions'));
    await page.getByTestId('action-row').first().waitFor();
    await page.keyboard.press('/');
    await soon(focused, 'Search actions');
    await page.keyboard.type('uuid');
    await soon(() => page.getByTestId('action-row').count(), 1);
    // Enter goes to the first match, and opens it.
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByRole('form', { name: 'Run core.uuid' }).waitFor();

    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.waitForURL(addressOf(server, '/history'));
    await row(page, newer).waitFor();
  },
);
