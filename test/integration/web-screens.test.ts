/**
 * The web UI on a desktop and on a phone, light and dark: nothing is wider than the screen, colours are those of the
 * scheme, and each page is photographed for people to look at (test/support/browser.ts says where).
 */
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { addressOf, outputLine, patienceMs, takeScreenshot, webTestWith } from '../support/browser.ts';
import type { TestServer } from '../support/server.ts';

const pack: Readonly<Record<string, string>> = {
  'packs/release/pack.yaml':
    'ref: release\nname: release\ndescription: Releases\nversion: 1.0.0\nauthor: Jane\nemail: j@example.com\n',
  'packs/release/actions/deploy.yaml': `name: deploy
description: Builds a version of a service and puts it where it is wanted, one host after the other.
runner_type: local-shell-script
entry_point: deploy.sh
enabled: true
parameters:
  service: {type: string, required: true, position: 0, description: Its name in the service catalogue.}
  environment: {type: string, enum: [staging, production], required: true, position: 1}
  replicas: {type: integer, minimum: 1, maximum: 9, default: 2, position: 2, description: How many of it.}
  password: {type: string, secret: true, position: 3, description: For the registry.}
  hosts: {type: array, position: 4, description: 'Only these; all where empty.'}
  labels: {type: object, position: 5}
`,
  'packs/release/actions/deploy.sh': `#!/bin/sh
esc=$(printf '\\033')
printf '%s[1mBuilding %s%s[0m for %s\\n' "$esc" "$1" "$esc" "$2"
for part in 20 40 60 80 100; do printf '\\rpulling layers %3d %%' $part; done; echo
for i in $(seq 1 60); do
  printf '%s[32mok%s[0m   host-%02d.example.com %s[2mconfigured in 0.%d s%s[0m\\n' "$esc" "$esc" $i "$esc" $i "$esc"
done
echo "host-17.example.com: certificate expires in 9 days, see https://wiki.example.com/certificates/renewal/of/internal/hosts" >&2
sleep 0.05
printf '%s[41;97m FAIL %s[0m host-61.example.com %s[33mretrying%s[0m %s[38;5;208m3 of 3%s[0m\\n' "$esc" "$esc" "$esc" "$esc" "$esc" "$esc"
echo '{"event": "deploy", "host": "host-61.example.com", "state": "unreachable", "attempts": [1, 2, 3], "took": 12.7}'
sleep 0.05
echo 'deploy.sh: host-61.example.com: no route to host' >&2
exit 3
`,
};

const test = webTestWith({ files: pack });

/** How much wider the page is than the screen. */
const overflowPx = (page: Page) => page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

async function expectToFit(page: Page, name: string): Promise<void> {
  expect(await overflowPx(page), `${name} is wider than the screen by`).toBeLessThanOrEqual(0);
}

let deployed: Promise<string> | undefined;

/** Some history, made once: the id of an execution that has much to show. */
async function history(server: TestServer): Promise<string> {
  deployed ??= (async () => {
    const ids = [
      await server.run('core.echo', { message: 'Hello' }),
      await server.run('core.uuid'),
      await server.run('core.local', { cmd: 'sleep 30', timeout: 1 }),
      await server.run('core.noop'),
      await server.run('examples.failure').catch(() => ''),
    ];
    const canceled = await server.run('core.local', { cmd: 'sleep 60' });
    await server.reached(canceled, 'running');
    await server.request('DELETE', `/api/v1/executions/${canceled}`);
    for (const id of [...ids, canceled].filter((one) => one !== '')) await server.finished(id);
    const parameters = { service: 'shop-frontend', environment: 'production', password: 'x', hosts: ['a', 'b'] };
    const id = await server.run('release.deploy', parameters);
    await server.finished(id);
    await server.run('core.local', { cmd: 'echo still at it; sleep 60' });
    return id;
  })();
  return deployed;
}

describe.each([
  ['desktop', 'light'],
  ['desktop', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const)('%s, %s', (device, scheme) => {
  // Six pages, and for the first of these tests the history to show.
  test('every page fits', { timeout: 60_000 }, async ({ open, server }) => {
    const id = await history(server);
    const name = (page: string) => `${page}-${device}-${scheme}`;
    const wish = { scheme, isPhone: device === 'phone' };
    const page = await open('/history', wish);
    await page.getByTestId('execution-row').nth(6).waitFor();
    await page.getByTestId('connection-state').getByText('live').waitFor();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(scheme);
    await expectToFit(page, 'history');
    await takeScreenshot(page, name('history'));

    await page.goto(addressOf(server, `/history/${id}/general`));
    await page.getByTestId('output-end').waitFor();
    await outputLine(page, 66).waitFor();
    await page.getByTestId('execution-result').getByText('return_code').waitFor();
    await expectToFit(page, 'execution');
    await takeScreenshot(page, name('execution'));

    await page.goto(addressOf(server, '/actions'));
    await page.getByTestId('action-row').first().waitFor();
    await expectToFit(page, 'actions');
    await takeScreenshot(page, name('actions'));

    await page.goto(addressOf(server, '/actions/release.deploy'));
    await page.getByTestId('parameter-service').waitFor();
    await page.getByTestId('execution-row').first().waitFor();
    await page.getByTestId('parameter-replicas').fill('12');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('At most 9.').waitFor();
    await page.getByText('A value is required.').first().waitFor();
    await expectToFit(page, 'run form');
    await takeScreenshot(page, name('run-form'));

    await page.goto(addressOf(server, '/nowhere'));
    await page.getByText('There is no such page.').waitFor();
    await expectToFit(page, 'no such page');

    const stranger = await open('/history', { ...wish, isLoggedOut: true });
    await stranger.getByLabel('Username').waitFor();
    await expectToFit(stranger, 'log in');
    await takeScreenshot(stranger, name('log-in'));
  });
});

describe('on a phone', () => {
  test('output is live, stays where one scrolls to, and cancel asks', async ({ open, server }) => {
    const cmd =
      'for i in $(seq 1 80); do echo "line $i of a build whose lines are longer than the screen is wide"; done; sleep 60';
    const id = await server.run('core.local', { cmd });
    const page = await open(`/history/${id}/general`, { isPhone: true, scheme: 'dark' });
    await outputLine(page, 80).waitFor();
    const log = page.getByRole('log');
    await log.evaluate((element) => element.scrollBy(0, -200));
    await expect.poll(() => log.getAttribute('data-following'), { timeout: patienceMs }).toBe('false');
    await page.getByTestId('output-jump').waitFor();
    await expectToFit(page, 'live output');
    await takeScreenshot(page, 'live-phone-dark');
    await page.getByTestId('output-jump').tap();
    await expect.poll(() => log.getAttribute('data-following'), { timeout: patienceMs }).toBe('true');
    await page.getByRole('button', { name: 'Cancel', exact: true }).tap();
    await page.getByRole('button', { name: 'Yes, cancel it' }).waitFor();
    await expectToFit(page, 'the question');
    await takeScreenshot(page, 'cancel-phone-dark');
    await page.getByRole('button', { name: 'Yes, cancel it' }).tap();
    await page.getByTestId('output-end').waitFor();
  });
});

describe('colours', () => {
  test('follow the system until one is chosen, which is kept', async ({ open }) => {
    const page = await open('/history', { scheme: 'dark' });
    const html = page.locator('html');
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await html.getAttribute('data-mantine-color-scheme')).toBe('dark');
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(() => html.getAttribute('data-mantine-color-scheme'), { timeout: patienceMs }).toBe('light');
    const light = await background();
    expect(light).not.toBe(dark);

    // Round the button goes: as the system, light, dark.
    await page.getByTestId('color-scheme').click();
    await page.getByTestId('color-scheme').click();
    await expect.poll(background, { timeout: patienceMs }).toBe(dark);
    await page.reload();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await html.getAttribute('data-mantine-color-scheme')).toBe('dark');
    expect(await background()).toBe(dark);
  });
});
