/** The web UI: who gets in, what is left of a session that ends, and what the page may do at all. */
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { addressOf, createSession, firstUser, outputLine, sessionKey, webTest } from '../support/browser.ts';
import { until } from '../support/server-wait.ts';
import { runStepwise } from '../support/stepwise.ts';

const refused = [/status of 401/];

async function logIn(page: Page, user: string, password: string): Promise<void> {
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const storedSession = (page: Page) => page.evaluate<string | null>(`localStorage.getItem('${sessionKey}')`);

/** What another tab of the same visitor writes reaches the page at once. */
async function storeSession(tab: Page, session: object): Promise<void> {
  await tab.evaluate(`localStorage.setItem('${sessionKey}', ${JSON.stringify(JSON.stringify(session))})`);
}

describe('logging in', () => {
  webTest(
    'a wrong password is said; the right one leads to the address that was asked for',
    async ({ open, server }) => {
      const { user, password } = firstUser(server);
      const page = await open('/actions/core.local', { isLoggedOut: true, expectedProblems: refused });
      await logIn(page, user, `${password}x`);
      await page.getByRole('alert').getByText('Wrong user name or password.').waitFor();
      expect(await storedSession(page)).toBeNull();

      await logIn(page, user, password);
      await page.getByRole('form', { name: 'Run core.local' }).waitFor();
      expect(page.url()).toBe(addressOf(server, '/actions/core.local'));
      expect(await page.getByTestId('current-user').textContent()).toBe(user);
      expect(await storedSession(page)).not.toContain(password);
    },
  );

  webTest('a reload and another tab go on with the session; logging out ends it in both', async ({ open }) => {
    const page = await open('/history');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    const tab = await open('/actions', { besides: page });
    await tab.getByTestId('action-row').first().waitFor();

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Username').waitFor();
    await tab.getByLabel('Username').waitFor();
    expect(await storedSession(tab)).toBeNull();
    await page.reload();
    await page.getByLabel('Username').waitFor();
  });
});

describe('a session that ends', () => {
  webTest(
    'an expired token, which the browser with its slow clock takes for good: the log-in, then the page',
    async ({ open, server }) => {
      const short = await createSession(server, 1);
      const session = { ...short, expiry: new Date(Date.now() + 3_600_000).toISOString() };
      await until('the token is refused', async () => {
        const headers = { 'X-Auth-Token': session.token };
        return (await server.request('GET', '/api/v1/user', undefined, headers)).status === 401;
      });
      const page = await open('/actions/core.local', { session, expectedProblems: refused });
      await page.getByText('The session has expired.').waitFor();
      await logIn(page, session.user, firstUser(server).password);
      await page.getByRole('form', { name: 'Run core.local' }).waitFor();
      expect(page.url()).toBe(addressOf(server, '/actions/core.local'));
    },
  );

  webTest('a half-filled form is there again afterwards, and runs', async ({ open, server, session }) => {
    const page = await open('/actions/core.local', { expectedProblems: refused });
    await page.getByTestId('parameter-cmd').fill('echo kept');
    const tab = await open('/history', { besides: page, expectedProblems: refused });
    await storeSession(tab, { ...session, token: 'no-longer-known' });
    await page.getByRole('button', { name: 'Run', exact: true }).click();

    await page.getByText('The session has expired.').waitFor();
    expect(await page.getByLabel('Username').inputValue()).toBe(session.user);
    await page.getByLabel('Password', { exact: true }).fill(firstUser(server).password);
    await page.keyboard.press('Enter');
    await page.getByTestId('parameter-cmd').waitFor();
    expect(page.url()).toBe(addressOf(server, '/actions/core.local'));
    expect(await page.getByTestId('parameter-cmd').inputValue()).toBe('echo kept');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await outputLine(page, 1).getByText('kept', { exact: true }).waitFor();
  });

  webTest('output goes on after it, without a hole', async ({ open, server, session }) => {
    const { id, go } = await runStepwise(server, 'echo one; wait_for a; echo two; wait_for b; echo three');
    const page = await open(`/history/${id}/general`, { expectedProblems: refused });
    await outputLine(page, 1).waitFor();
    const tab = await open('/history', { besides: page, expectedProblems: refused });
    await storeSession(tab, { ...session, token: 'no-longer-known' });
    await page.getByRole('button', { name: 'Re-run' }).click();
    await page.getByText('The session has expired.').waitFor();
    await go('a');
    await logIn(page, session.user, firstUser(server).password);
    await outputLine(page, 2).waitFor();
    await go('b');
    await page.getByTestId('output-end').waitFor();
    for (const [index, text] of ['one', 'two', 'three'].entries())
      expect(
        await outputLine(page, index + 1)
          .locator('[data-text]')
          .textContent(),
      ).toBe(text);
    expect(page.url()).toBe(addressOf(server, `/history/${id}/general`));
  });
});

describe('what the page may do', () => {
  webTest('scripts come from the server alone, and no other site may frame it', async ({ open, server }) => {
    const { headers } = await fetch(server.url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).not.toMatch(/unsafe|\*|https?:/);
    expect(policy).toContain("frame-ancestors 'none'");

    const page = await open('/history', { expectedProblems: [/Content Security Policy/] });
    await page.getByRole('heading', { name: 'History' }).waitFor();
    const violated = await page.evaluate<string>(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'window.wasRun = true';
      document.body.append(script);
    })`);
    expect(violated).toBe('script-src-elem');
    expect(await page.evaluate('window.wasRun')).toBeUndefined();
  });

  webTest('an unknown address and an unknown execution are said as such', async ({ open, server }) => {
    const page = await open('/nowhere', { expectedProblems: [/status of 404/] });
    await page.getByText('There is no such page.').waitFor();
    await page.goto(addressOf(server, '/history/000000000000000000000000/general'));
    await page.getByText('There is no such execution').waitFor();
    await page.goto(addressOf(server, '/actions/core.nothing'));
    await page.getByText('There is no such action').waitFor();
  });
});
