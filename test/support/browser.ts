/**
 * The web UI in a real headless Chromium against a real server. `webTest` is vitest's `test` with `server` and `open`:
 * one server and one browser for the file, a fresh context for each `open`, everything closed at the end. A page that
 * writes an error or a warning to its console, throws, breaks the content security policy or asks another host fails
 * its test.
 *
 * Nothing here sleeps: Playwright's locators and `expect.poll` wait for conditions.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { test } from 'vitest';
import { type ServerWish, startServer, type TestServer } from './server.ts';
import { until } from './server-wait.ts';

const root = join(import.meta.dirname, '../..');

/** For whatever has to appear. Two cores may run several browsers and servers at once. */
export const patienceMs = 10_000;

const chromiumPath = findProgram(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);
if (chromiumPath === undefined) {
  const reason = 'no chromium, chromium-browser or google-chrome is in PATH';
  if (process.env['CI']) throw new Error(`${reason}, and in CI the web UI must be tested`);
  process.stderr.write(`SKIPPED: tests of the web UI (test/integration/web-*.test.ts): ${reason}\n`);
}

export interface PageWish {
  readonly scheme?: 'light' | 'dark';
  /** 375 px wide, touched rather than clicked. Otherwise a desktop window. */
  readonly isPhone?: boolean;
  /** Without a session: the log-in form comes first. */
  readonly isLoggedOut?: boolean;
  /** Console messages that this test brings about on purpose. */
  readonly expectedProblems?: readonly RegExp[];
  /** Opens another tab of the visitor who has this one. */
  readonly besides?: Page;
  /** Instead of the one all share. */
  readonly session?: Session;
}

/** Opens `/history` and such: the part of the address after `#`. */
export type OpenPage = (path: string, wish?: PageWish) => Promise<Page>;

export interface Session {
  readonly user: string;
  readonly token: string;
  readonly expiry: string;
}

/** The first user, whose password the server has said once. */
export function firstUser(server: TestServer): { readonly user: string; readonly password: string } {
  const [, user = '', password = ''] = /^ {2}user +(\S+) +password +(\S+)/m.exec(server.stdout) ?? [];
  if (password === '') throw new Error(`the greeting names no password:\n${server.stdout}`);
  return { user, password };
}

/** Logs in as the page does. `ttlS`: seconds until the server refuses the token. */
export async function createSession(server: TestServer, ttlS?: number): Promise<Session> {
  const { user, password } = firstUser(server);
  const headers = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  const answer = await server.request('POST', '/auth/v1/tokens', ttlS === undefined ? {} : { ttl: ttlS }, headers);
  if (answer.status !== 201) throw new Error(`no token: ${answer.text}`);
  const { token, expiry } = answer.json;
  return { user, token, expiry };
}

/** Where the page keeps who is logged in, in local storage. */
export const sessionKey = 'stormtail.session';

const testOnServer = test
  .extend('serverWish', { scope: 'file' }, async (): Promise<ServerWish> => ({}))
  .extend('server', { scope: 'file' }, async ({ serverWish }, { onCleanup }) => {
    // Does nothing where dist/web is up to date.
    await promisify(execFile)(process.execPath, ['tools/build.mjs', 'web'], { cwd: root });
    const server = await startServer(serverWish);
    onCleanup(() => server[Symbol.asyncDispose]());
    return server;
  })
  .extend('session', { scope: 'file' }, ({ server }) => createSession(server))
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are needed: none.
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchChromium();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('open', async ({ browser, server, session, task }, { onCleanup }): Promise<OpenPage> => {
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    onCleanup(async () => {
      if (task.result?.state === 'fail') await photographFailure(task.name, contexts);
      for (const context of contexts) await context.close();
      if (problems.length > 0) throw new Error(`problems on the page:\n${problems.join('\n')}`);
    });
    return async (path, wish = {}) => {
      let context = wish.besides?.context();
      if (context === undefined) {
        context = await browser.newContext({
          ...(wish.isPhone === true ? phone : desktop),
          colorScheme: wish.scheme ?? 'light',
          // The page writes times as the reader's clock shows them; screenshots shall not depend on the machine.
          timezoneId: 'UTC',
          locale: 'en-GB',
          permissions: ['clipboard-read', 'clipboard-write'],
        });
        contexts.push(context);
        if (wish.isLoggedOut !== true) await context.addInitScript(logInOnce(wish.session ?? session));
      }
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      noteProblems(page, new URL(server.url).origin, wish.expectedProblems ?? [], problems);
      await page.goto(addressOf(server, path));
      return page;
    };
  });

export const webTest = testOnServer.skipIf(chromiumPath === undefined);

/** For files whose server needs packs or settings of its own. */
export function webTestWith(serverWish: ServerWish): typeof webTest {
  return testOnServer.override('serverWish', serverWish).skipIf(chromiumPath === undefined);
}

export function addressOf(server: TestServer, path: string): string {
  return `${server.url.replace(/\/$/, '')}/#${path}`;
}

/**
 * Puts the session into local storage before the first page of a context begins, and never again: what the page makes of
 * it stays. (Playwright's own storage state costs a hidden page, half of what opening one takes.)
 */
function logInOnce(session: Session): string {
  return `if (localStorage.getItem('test.begun') === null) {
    localStorage.setItem('test.begun', 'true');
    localStorage.setItem('${sessionKey}', ${JSON.stringify(JSON.stringify(session))});
  }`;
}

const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const phone: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? '',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function noteProblems(page: Page, origin: string, expected: readonly RegExp[], problems: string[]): void {
  const note = (problem: string) => {
    if (!expected.some((pattern) => pattern.test(problem))) problems.push(problem);
  };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) note(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => note(`uncaught: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== origin) note(`asked another host: ${request.url()}`);
  });
}

/** The row of output with this number, if it is drawn. */
export function outputLine(page: Page, number: number): Locator {
  return page.getByRole('log').locator(`[data-line="${number}"]`);
}

/** Everything the output holds, drawn or not: through the copy button, as people take it. */
export async function heldLines(page: Page): Promise<readonly string[]> {
  await page.evaluate("navigator.clipboard.writeText('')");
  const tools = page.getByRole('toolbar', { name: 'Output tools' });
  await tools.getByRole('button', { name: /^(?:Copy the shown lines|Copied)$/ }).click();
  // The clipboard is written after the click, not in it.
  const text = await until(
    'the copied lines',
    async () => (await page.evaluate('navigator.clipboard.readText()')) || undefined,
  );
  return String(text).split('\n');
}

/**
 * A picture of what is in sight, for people: into STORMTAIL_SCREENSHOTS, else a directory that the next run overwrites.
 * Gives its path.
 */
export async function takeScreenshot(page: Page, name: string): Promise<string> {
  const directory = process.env['STORMTAIL_SCREENSHOTS'] || join(tmpdir(), 'stormtail-screenshots');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  return path;
}

/** What a failed test saw last. */
async function photographFailure(testName: string, contexts: readonly BrowserContext[]): Promise<void> {
  const name = `failed-${testName.replaceAll(/\W+/g, '-').slice(0, 80)}`;
  for (const [index, page] of contexts.flatMap((context) => context.pages()).entries())
    process.stderr.write(`${page.url()} as it was: ${await takeScreenshot(page, `${name}-${index + 1}`)}\n`);
}

function findProgram(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false; // not there, or not to be run by us
      }
    });
}
