/** The web UI when its server is killed and comes back on the same address: pages heal by themselves, nothing is lost. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { heldLines, patienceMs, webTest } from '../support/browser.ts';
import { until } from '../support/server-wait.ts';

const state = (page: Page) => page.getByTestId('connection-state').textContent();
/** Retries come after ¼ s, ½ s and so on; a page that misses one waits for the next. */
const healing = { timeout: 2 * patienceMs };

webTest(
  'kill -9 in the middle of an action, twice: the page resumes by its cursor, each line exactly once',
  {
    timeout: 60_000,
  },
  async ({ open, server: first }) => {
    const printed = join(first.home, 'printed');
    const stop = join(first.home, 'stop');
    const printedLines = async () => Number(await readFile(printed, 'utf8').catch(() => '0'));
    const cmd = `i=0; until [ -e ${stop} ]; do i=$((i+1)); printf "line "; [ $((i % 10)) != 0 ] || echo "note $i" >&2; echo $i; echo $i >${printed}; sleep 0.02; done; echo last; exit 3`;
    const id = await first.run('core.local', { cmd });
    const broken = {
      expectedProblems: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY/],
    };
    const page = await open(`/history/${id}/general`, broken);
    const history = await open('/history', { ...broken, besides: page });
    const rowStatus = () => history.locator(`[data-id="${id}"] [data-status]`).getAttribute('data-status');
    const heldOutLines = () =>
      page.getByRole('log').locator('[data-type=stdout]').last().getAttribute('data-line').then(Number);
    await expect.poll(rowStatus, { timeout: patienceMs }).toBe('running');

    let server = first;
    for (let round = 1; round <= 2; round++) {
      const seen = await heldOutLines();
      await expect.poll(heldOutLines, { timeout: patienceMs }).toBeGreaterThan(seen + 10);
      await server.kill();
      await expect.poll(() => state(page), { timeout: patienceMs }).toMatch(/^reconnecting/);
      await expect.poll(() => state(history), { timeout: patienceMs }).toMatch(/^reconnecting/);
      const unwatched = await printedLines();
      await until('lines nobody saw', async () => (await printedLines()) > unwatched + 10);
      server = await server.again({ STORMTAIL_LISTEN: new URL(server.url).host });
      await expect.poll(() => state(page), healing).toBe('live');
      await expect.poll(heldOutLines, { timeout: patienceMs }).toBeGreaterThan(unwatched + 10);
    }
    await writeFile(stop, '');
    await page.getByTestId('output-end').waitFor();

    expect(await server.finished(id)).toMatchObject({ status: 'failed', result: { return_code: 3 } });

    const total = await printedLines();
    const lines = await heldLines(page);
    // The two streams are files of their own: which of two neighbours comes first is not kept, within one it is.
    expect(lines.filter((line) => !line.startsWith('note'))).toEqual([
      ...Array.from({ length: total }, (_, index) => `line ${index + 1}`),
      'last',
    ]);
    expect(lines.filter((line) => line.startsWith('note'))).toEqual(
      Array.from({ length: Math.floor(total / 10) }, (_, index) => `note ${10 * (index + 1)}`),
    );
    expect(await page.getByTestId('output-gap').count()).toBe(0);
    expect(await page.getByTestId('output-exit-code').textContent()).toBe('exit code 3');
    await expect.poll(() => state(history), healing).toBe('live');
    await expect.poll(rowStatus, { timeout: patienceMs }).toBe('failed');
  },
);
