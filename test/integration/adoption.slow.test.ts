/** Thirty seconds of an action, and a server that is killed in the middle of it again and again. */
import { expect, test } from 'vitest';
import { processesOf } from '../support/server-process.ts';
import { startServer } from '../support/server.ts';
import { within } from '../support/server-wait.ts';
import { EventStream, type SeenRecord } from '../support/sse.ts';

test('kill -9 five times while an action prints every 100 ms: no hole, nothing twice, the right end', async () => {
  await using first = await startServer();
  let server = first;
  const cmd = 'for i in $(seq 300); do echo line $i; [ $((i % 10)) = 0 ] && echo ten $i >&2; sleep 0.1; done; exit 7';
  const id = await server.run('core.local', { cmd });
  const records: SeenRecord[] = [];
  let lastId = '';
  const follow = () =>
    EventStream.open(`${server.url}/stream/v1/executions/${id}/output?end=true`, {
      headers: { 'St2-Api-Key': server.apiKey, ...(lastId !== '' && { 'Last-Event-ID': lastId }) },
    });
  for (let kills = 0; kills < 5; kills++) {
    using stream = await follow();
    await stream.waitFor('40 more lines', () => stream.records.length >= 40, 20_000);
    await server.kill();
    await within('the stream notices', 5_000, stream.closed);
    records.push(...stream.records);
    lastId = stream.lastId;
    server = await server.again();
  }
  using stream = await follow();
  expect(await within('EOF', 60_000, stream.closed)).toBe('end');
  records.push(...stream.records);
  expect(records.map((record) => record.seq)).toEqual(records.map((_, at) => at + 1));
  const of = (type: string) => records.flatMap((record) => (record.output_type === type ? [record.data] : [])).join('');
  expect(of('stdout')).toBe(Array.from({ length: 300 }, (_, i) => `line ${i + 1}\n`).join(''));
  expect(of('stderr')).toBe(Array.from({ length: 30 }, (_, i) => `ten ${(i + 1) * 10}\n`).join(''));
  expect(JSON.parse(stream.events('st2.execution.output__end')[0]?.data ?? '')).toMatchObject({
    status: 'failed',
    exit_code: 7,
    records: records.length,
    lines: 330,
    lost_bytes: 0,
  });
  const finished = await server.finished(id);
  expect(finished).toMatchObject({ status: 'failed', result: { return_code: 7 } });
  expect(finished['elapsed_seconds']).toBeGreaterThan(30);
  expect(processesOf(id)).toEqual([]);
}, 150_000);
