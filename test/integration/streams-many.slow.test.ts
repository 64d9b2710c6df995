/**
 * A thousand short executions, each followed from a random moment: before it is claimed, while it prints, after it
 * ended. This is where a seam between "what was" and "what comes" loses or doubles a record, if one does.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServer, startServer } from '../support/server.ts';
import { forEachConcurrently, seededRandom, within } from '../support/server-wait.ts';
import { EventStream, outputEvent, type SeenRecord } from '../support/sse.ts';

const seed = Number(process.env['STORMTAIL_TEST_SEED'] ?? Date.now() % 1_000_000_000);
const random = seededRandom(seed);
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server[Symbol.asyncDispose]());

/** Prints in several writes over 0 to 50 ms, on both streams, with and without line ends. */
function command(): string {
  const writes = Math.floor(random() * 6);
  const pauses = Array.from({ length: writes }, () => (random() * 0.01).toFixed(3));
  const texts = [
    'echo line',
    'echo error >&2',
    "printf 'no newline'",
    "printf 'a\\rb\\r\\n'",
    'echo; echo',
    "printf 'é€'",
  ];
  return pauses.map((s) => `${texts[Math.floor(random() * texts.length)] ?? ''}; sleep ${s}`).join('; ') || ':';
}

test('1,000 executions followed from random moments: complete, in order, once, and ended', async () => {
  console.log(`seed ${seed}: STORMTAIL_TEST_SEED brings it back`);
  const plans = Array.from({ length: 1_000 }, () => ({ cmd: command(), waitMs: random() * 90, path3: random() < 0.3 }));
  await forEachConcurrently(plans, 32, async ({ cmd, waitMs, path3 }, index) => {
    const name = `execution ${index} (seed ${seed}): ${cmd}`;
    const id = await server.run('core.local', { cmd });
    // The moment is the point here; nothing is waited for.
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const headers = { 'St2-Api-Key': server.apiKey };
    const query = `events=st2.execution__update,${outputEvent}&end_event=st2.execution__update&end_execution_id=${id}`;
    using stream = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output`, { headers });
    using general = path3 ? await EventStream.open(`${server.url}/stream/v1/stream?${query}`, { headers }) : undefined;
    expect(await within(`EOF of ${name}`, 20_000, stream.closed), name).toBe('end');
    expect(stream.frames.at(-1), name).toMatchObject({ event: 'EOF', data: "''" });
    expect(stream.events('EOF'), name).toHaveLength(1);
    expect(stream.data, name).toBe(await server.output(id));
    expectGapFree(stream.records, name);
    if (general) {
      expect(await within(`end of the general stream of ${name}`, 20_000, general.closed), name).toBe('end');
      const own = general.records.filter((record) => record.execution_id === id);
      // From the start or from the moment of connecting, but whatever came has no hole and nothing twice.
      if (own.length > 0) expect(own.at(-1)?.seq, name).toBe(stream.records.length);
      expectGapFree(own, name);
      expect(JSON.parse(general.frames.at(-1)?.data ?? ''), name).toMatchObject({ id, status: 'succeeded' });
    }
  });
}, 240_000);

function expectGapFree(records: readonly SeenRecord[], name: string): void {
  const first = records[0]?.seq ?? 1;
  expect(
    records.map((record) => record.seq),
    name,
  ).toEqual(records.map((_, at) => first + at));
}
