/** Much output: 50 MB on every path, and a flood of 300 MB with one reader who stops reading. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { floodWithStalledReader } from '../support/server-flood.ts';
import { digest, textOnAllPaths } from '../support/server-paths.ts';
import { type TestServer, startServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server[Symbol.asyncDispose]());

test('50 MB of lines are the same on every path; the result is bounded and says what it leaves out', async () => {
  const { text, finished } = await textOnAllPaths(server, 'seq 6600000');
  const expected = Array.from({ length: 6_600_000 }, (_, i) => `${i + 1}\n`).join('');
  expect(digest(text)).toBe(digest(expected));
  expect(finished['output']).toMatchObject({ lines: 6_600_000, bytes: expected.length, lost_bytes: 0 });
  const { stdout, cut_bytes: cut } = finished['result'];
  expect(stdout.length).toBeLessThan(4_194_304 + 200);
  expect(stdout.startsWith('1\n2\n')).toBe(true);
  expect(stdout.endsWith('6599999\n6600000')).toBe(true);
  expect(stdout).toContain(`[${cut.stdout} of ${expected.length} bytes cut out here`);
}, 120_000);

test('a flood of 300 MB: memory stays, one reader keeps up, the one who stopped gets everything later', async () => {
  await floodWithStalledReader(server, 300_000_000);
}, 240_000);
