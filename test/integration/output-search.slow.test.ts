/** A search of a log that is much longer than what the server may hold of it, while others want something too. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { residentBytes } from '../support/server-process.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server[Symbol.asyncDispose]());

test('200 MB are searched in bounded memory, and other requests are answered meanwhile', async () => {
  const line = 'a line of the log that holds nothing of interest at all, as most of them do';
  // Some three million lines, and three that are looked for.
  const cmd = `flood() { yes '${line}' | head -n 900000; }; echo first needle; flood; echo second needle; flood; flood; echo third needle`;
  const id = await server.run('core.local', { cmd, timeout: 120 });
  const { output } = await server.finished(id, 120_000);
  expect(output.bytes).toBeGreaterThan(200_000_000);
  const before = residentBytes(server.pid);
  let isDone = false;
  let answered = 0;
  let peak = 0;
  const others = (async () => {
    while (!isDone) {
      const answer = await server.request('GET', `/api/v1/executions/${id}?exclude_attributes=result`);
      expect(answer.status).toBe(200);
      answered += 1;
      peak = Math.max(peak, residentBytes(server.pid));
    }
  })();
  const text = await server.output(id, '?grep=(needle)&grep_regex=true');
  isDone = true;
  await others;
  expect(text).toBe('first needle\nsecond needle\nthird needle\n');
  // One that had to wait for the whole search would be one or two.
  expect(answered).toBeGreaterThan(10);
  expect(peak - before).toBeLessThan(120_000_000);
});
