/** The web UI: what an execution prints, line by line while it prints it. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { addressOf, heldLines, outputLine, patienceMs, webTest } from '../support/browser.ts';
import { runStepwise } from '../support/stepwise.ts';

/**
 * For a line to be on the screen after it was printed. It takes well under 200 ms on an idle machine; this much is for a
 * busy one, and still shows that nobody waits for a poll (10 s) or for the end (which the test holds back).
 */
const promptly = { timeout: 3_000 };

const textOf = (line: Locator) => line.locator('[data-text]').textContent();
const text = (page: Page, testId: string) => page.getByTestId(testId).textContent();
const log = (page: Page) => page.getByRole('log');
const isFollowing = (page: Page) => log(page).getAttribute('data-following');
const scrollTop = (page: Page) => log(page).evaluate((element) => element.scrollTop);
const toTheEndPx = (page: Page) =>
  log(page).evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
const drawnLines = (page: Page) => log(page).locator('[data-line]');

/** The browser has drawn, and said what came of it. */
const nextFrames = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))');

async function soon<T>(ask: () => Promise<T>, wanted: T): Promise<void> {
  await expect.poll(ask, { timeout: patienceMs }).toEqual(wanted);
}

describe('live', () => {
  webTest('each line is there as soon as it is printed, and the end says how it ended', async ({ open, server }) => {
    const { id, go } = await runStepwise(
      server,
      'wait_for a; echo one; wait_for b; echo two >&2; wait_for c; printf "three, unfin"; wait_for d; echo ished; exit 4',
    );
    const page = await open(`/history/${id}/general`);
    await page.getByText('Nothing has been printed yet.').waitFor();
    await soon(() => text(page, 'connection-state'), 'live');
    await go('a');
    await outputLine(page, 1).getByText('one', { exact: true }).waitFor(promptly);
    await go('b');
    await outputLine(page, 2).getByText('two', { exact: true }).waitFor(promptly);
    await go('c');
    await outputLine(page, 3).getByText('three, unfin', { exact: true }).waitFor(promptly);
    expect(await text(page, 'execution-status')).toBe('running');
    expect(await page.getByTestId('output-end').count()).toBe(0);
    await go('d');
    await outputLine(page, 3).getByText('three, unfinished', { exact: true }).waitFor(promptly);

    await page.getByTestId('output-end').waitFor();
    expect(await page.getByTestId('output-end').getAttribute('data-status')).toBe('failed');
    expect(await text(page, 'output-exit-code')).toBe('exit code 4');
    expect(await text(page, 'output-lines')).toBe('3 lines');
    expect(await text(page, 'output-bytes')).toBe('26 B');
    expect(await page.getByTestId('output-lost').count()).toBe(0);
    expect(await text(page, 'connection-state')).toBe('ended');
    await soon(() => text(page, 'execution-status'), 'failed');
    await page.getByTestId('execution-result').getByText('return_code').waitFor();
    expect(await page.title()).toBe('failed · core.local · Stormtail');
  });

  webTest('standard error is told apart by a word, not by colour alone', async ({ open, server }) => {
    const id = await server.run('core.local', { cmd: 'echo out; sleep 0.05; echo err >&2' });
    const page = await open(`/history/${id}/general`);
    await page.getByTestId('output-end').waitFor();
    expect(await outputLine(page, 1).getAttribute('data-type')).toBe('stdout');
    expect(await outputLine(page, 1).locator('[title=stdout]').textContent()).toBe('');
    expect(await outputLine(page, 2).getAttribute('data-type')).toBe('stderr');
    expect(await outputLine(page, 2).locator('[title=stderr]').textContent()).toBe('err');
    expect(await outputLine(page, 2).locator('[title=stderr]').isVisible()).toBe(true);
  });

  webTest('a progress bar stays one line, whatever is printed on the other stream', async ({ open, server }) => {
    const { id, go } = await runStepwise(
      server,
      `printf '\\r[#...]  25%%'; wait_for a; echo note >&2; printf '\\r[##..]  50%%'; wait_for b; printf '\\r[####] 100%%\\n'; echo done`,
    );
    const page = await open(`/history/${id}/general`);
    await soon(() => textOf(outputLine(page, 1)), '[#...]  25%');
    await go('a');
    await soon(() => textOf(outputLine(page, 1)), '[##..]  50%');
    await go('b');
    await page.getByTestId('output-end').waitFor();
    expect(await heldLines(page)).toEqual(['[####] 100%', 'note', 'done']);
    expect(await drawnLines(page).count()).toBe(3);
  });
});

describe('colours', () => {
  for (const scheme of ['light', 'dark'] as const) {
    webTest(`of the program are shown, and can be read on the ${scheme} background`, async ({ open, server }) => {
      const id = await server.run('examples.colours');
      const page = await open(`/history/${id}/general`, { scheme });
      await page.getByTestId('output-end').waitFor();
      const line = (start: string) => drawnLines(page).filter({ hasText: start }).locator('[data-text] > span');
      const style = (of: Locator, property: string) =>
        of.evaluate<string, string>(
          (element, name) =>
            (element.ownerDocument.defaultView as unknown as { getComputedStyle: Computed }) // the tests' types have no DOM
              .getComputedStyle(element)
              .getPropertyValue(name),
          property,
        );
      const background = await style(log(page), 'background-color');
      const plain = await style(log(page), 'color');

      const foregrounds = [30, 31, 32, 33, 34, 35, 36, 37, 90, 91, 92, 93, 94, 95, 96, 97];
      const colors: string[] = [];
      for (const code of foregrounds) colors.push(await style(line(`foreground ${code} `), 'color'));
      for (const [index, color] of colors.entries())
        expect(contrast(color, background), `${foregrounds[index]}: ${color} on ${background}`).toBeGreaterThan(4.4);
      expect(new Set(colors).size, colors.join(' ')).toBe(foregrounds.length);
      for (const code of [40, 41, 42, 43, 44, 45, 46, 47]) {
        const behind = await style(line(`background ${code} `), 'background-color');
        const color = await style(line(`background ${code} `), 'color');
        expect(contrast(color, behind), `${code}: ${color} on ${behind}`).toBeGreaterThan(4.4);
      }

      const styled = (word: string) => line('bold').getByText(word, { exact: true });
      expect(await style(styled('bold'), 'font-weight')).toBe('700');
      expect(Number(await style(styled('dim'), 'opacity'))).toBeLessThan(1);
      expect(await style(styled('italic'), 'font-style')).toBe('italic');
      expect(await style(styled('underlined'), 'text-decoration-line')).toBe('underline');
      expect(await style(styled('inverse'), 'color')).toBe(background);
      expect(await style(styled('inverse'), 'background-color')).toBe(plain);
      for (const words of ['one of 256 colours', 'one of 16 million']) {
        const color = await style(line('one of').getByText(words), 'color');
        expect(color).not.toBe(plain);
        expect(contrast(color, background), `${words}: ${color}`).toBeGreaterThan(4.4);
      }
      expect((await heldLines(page)).join('\n')).not.toMatch(/\u001b|\[\d+m/);
    });
  }
});

type Computed = (element: unknown) => { getPropertyValue(name: string): string };

/** WCAG's contrast of two colours as browsers print them, `rgb(1, 2, 3)`. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [one, other]
    .map((color) => {
      const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map((part) => {
        const share = Number(part) / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('following', () => {
  webTest(
    'ends with scrolling up, so that one can read; a button counts what is new and leads back',
    async ({ open, server }) => {
      const { id, go } = await runStepwise(
        server,
        'seq 1 200; wait_for a; seq 201 225; wait_for b; seq 226 250; wait_for c',
      );
      const page = await open(`/history/${id}/general`);
      await outputLine(page, 200).waitFor();
      expect(await isFollowing(page)).toBe('true');
      await soon(() => toTheEndPx(page), 0);
      expect(await page.getByTestId('output-jump').count()).toBe(0);

      await log(page).hover();
      await page.mouse.wheel(0, -300);
      await soon(() => isFollowing(page), 'false');
      expect(await page.getByTestId('output-follow').getAttribute('aria-pressed')).toBe('false');
      // The wheel may glide on for a moment.
      await expect.poll(() => toTheEndPx(page)).toBe(300);
      const before = await scrollTop(page);
      await go('a');
      await soon(() => text(page, 'output-jump'), '25 new lines');
      expect(await scrollTop(page)).toBe(before);
      await go('b');
      await soon(() => text(page, 'output-jump'), '50 new lines');
      expect(await scrollTop(page)).toBe(before);

      await page.getByTestId('output-jump').click();
      await outputLine(page, 250).waitFor();
      await soon(() => isFollowing(page), 'true');
      await soon(() => toTheEndPx(page), 0);
      expect(await page.getByTestId('output-jump').count()).toBe(0);
      await go('c');
      await page.getByTestId('output-end').waitFor();
      await soon(() => toTheEndPx(page), 0);
    },
  );

  webTest('keys: Home and End, f to stop and go on, w to wrap', async ({ open, server }) => {
    const { id, go } = await runStepwise(server, `seq 1 100; printf '%0400d\\n' 7; wait_for a`);
    const page = await open(`/history/${id}/general`);
    await outputLine(page, 101).waitFor();
    await log(page).focus();
    await page.keyboard.press('Home');
    await outputLine(page, 1).waitFor();
    expect(await isFollowing(page)).toBe('false');
    await page.keyboard.press('End');
    await soon(() => isFollowing(page), 'true');
    // At once: the view's own scrolling to the end, of which it hears a frame later, may not take this back.
    await page.keyboard.press('f');
    await soon(() => isFollowing(page), 'false');
    await outputLine(page, 101).waitFor();
    await nextFrames(page);
    expect(await isFollowing(page)).toBe('false');
    await page.keyboard.press('f');
    await soon(() => isFollowing(page), 'true');
    const height = async () => (await outputLine(page, 101).boundingBox())?.height ?? 0;
    expect(await height()).toBeGreaterThan(40);
    await page.keyboard.press('w');
    await soon(height, 20);
    await go('a');
  });
});

describe('looking closer', () => {
  webTest('times are shown on demand, and that is remembered', async ({ open, server }) => {
    const id = await server.run('core.local', { cmd: 'echo hello' });
    const page = await open(`/history/${id}/general`);
    await page.getByTestId('output-end').waitFor();
    const start = (await server.execution(id))['start_timestamp'] as string; // as the API publishes it
    expect(await outputLine(page, 1).textContent()).toBe('1hello');
    await page.getByRole('button', { name: 'Show times' }).click();
    await expect.poll(() => outputLine(page, 1).textContent()).toMatch(/^1\d\d:\d\d:\d\d\.\d{3}hello$/);
    expect(await outputLine(page, 1).textContent()).toContain(start.slice(11, 16));
    await page.reload();
    await expect.poll(() => outputLine(page, 1).textContent()).toMatch(/^1\d\d:\d\d:\d\d\.\d{3}hello$/);
    await page.keyboard.press('t');
    await soon(() => outputLine(page, 1).textContent(), '1hello');
  });

  webTest('search goes from match to match; the streams can be seen alone', async ({ open, server }) => {
    const cmd = 'for i in $(seq 1 300); do echo "Tick $i"; [ $((i % 100)) != 0 ] || echo "warning $i" >&2; done';
    const id = await server.run('core.local', { cmd });
    const page = await open(`/history/${id}/general`);
    await page.getByTestId('output-end').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('tick 29');
    await soon(() => text(page, 'search-hits'), '0/11');
    const hit = log(page).locator('[data-hit=true]');
    await page.keyboard.press('Enter');
    await soon(() => textOf(hit), 'Tick 29');
    expect(await text(page, 'search-hits')).toBe('1/11');
    expect(await hit.locator('mark').textContent()).toBe('Tick 29');
    await page.getByRole('button', { name: 'Next match' }).click();
    await soon(() => textOf(hit), 'Tick 290');
    await page.getByLabel('Search in the output').press('Shift+Enter');
    await soon(() => textOf(hit), 'Tick 29');
    await page.getByLabel('Search in the output').fill('TICK');
    await soon(() => text(page, 'search-hits'), 'none');

    await page.getByLabel('Search in the output').press('Escape');
    await page.getByRole('button', { name: 'stderr', exact: true }).click();
    await soon(() => log(page).locator('[data-text]').allTextContents(), ['warning 100', 'warning 200', 'warning 300']);
    expect(await heldLines(page)).toEqual(['warning 100', 'warning 200', 'warning 300']);
    await page.getByRole('button', { name: 'stdout', exact: true }).click();
    await soon(async () => (await heldLines(page)).length, 300);
    expect(await log(page).locator('[data-type=stderr]').count()).toBe(0);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await soon(async () => (await heldLines(page)).length, 303);
  });

  webTest('the download is the exact text, of one stream or of all', async ({ open, server }) => {
    const id = await server.run('core.local', { cmd: `printf 'a\\r\\033[31mb\\033[0m\\n'; sleep 0.05; echo c >&2` });
    const page = await open(`/history/${id}/general`);
    await page.getByTestId('output-end').waitFor();
    const download = async (name: RegExp) => {
      const coming = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      return readFile(await (await coming).path(), 'utf8');
    };
    expect(await download(/^Download the complete output/)).toBe('a\r\u001b[31mb\u001b[0m\nc\n');
    await page.getByRole('button', { name: 'stderr', exact: true }).click();
    expect(await download(/^Download all of stderr/)).toBe('c\n');
  });
});

describe('much output', () => {
  webTest(
    '100,000 lines: complete, at once at either end, and only those in sight are drawn',
    async ({ open, server }) => {
      const id = await server.run('examples.long_output', { lines: 100_000, width: 20 });
      const page = await open(`/history/${id}/general`);
      await page.getByTestId('output-end').waitFor({ timeout: 20_000 });
      expect(await text(page, 'output-lines')).toBe('100,000 lines');
      await outputLine(page, 100_000).waitFor();
      const lines = await heldLines(page);
      expect(lines).toHaveLength(100_000);
      expect(lines.findIndex((line, index) => Number.parseInt(/\d+/.exec(line)?.[0] ?? '', 10) !== index + 1)).toBe(-1);
      expect(await drawnLines(page).count()).toBeLessThan(120);

      await log(page).focus();
      await page.keyboard.press('Home');
      await outputLine(page, 1).waitFor();
      await log(page).evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
      await expect.poll(() => drawnLines(page).first().getAttribute('data-line')).toMatch(/^[45]\d{4}$/);
      expect(await drawnLines(page).count()).toBeLessThan(120);
      // No blank in sight: the rows drawn reach over both edges.
      const view = await log(page).boundingBox();
      const first = await drawnLines(page).first().boundingBox();
      const last = await drawnLines(page).last().boundingBox();
      expect(first?.y).toBeLessThan(view?.y ?? 0);
      expect((last?.y ?? 0) + 20).toBeGreaterThan((view?.y ?? 0) + (view?.height ?? 0));
    },
  );

  webTest('a line that is too long for a page is cut there, with a hint to the download', async ({ open, server }) => {
    const id = await server.run('core.local', { cmd: `printf '%020000d' 7; echo; echo after` });
    const page = await open(`/history/${id}/general`);
    await page.getByTestId('output-end').waitFor();
    await log(page).getByText('after', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    await log(page).focus();
    await page.keyboard.press('Home');
    await outputLine(page, 1).getByText('3,616 more characters, see the download').waitFor();
  });

  webTest('what was printed long ago looks as it looked live', async ({ open, server }) => {
    const id = await server.run('examples.progress_bar', { seconds: 0.3 });
    const live = await open(`/history/${id}/general`);
    await live.getByTestId('output-end').waitFor();
    const later = await open(`/history/last`);
    await later.getByTestId('output-end').waitFor();
    expect(later.url()).toBe(addressOf(server, `/history/${id}/general`));
    const lines = await heldLines(live);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe(`[${'#'.repeat(50)}] 100 %`);
    expect(await heldLines(later)).toEqual(lines);
  });
});
