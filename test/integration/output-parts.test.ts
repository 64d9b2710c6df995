/** Parts of kept output over HTTP: every one is what slicing the whole gives, however the output was printed. */
import fc from 'fast-check';
import '../support/property-seed.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiAnswer } from '../support/api-server.ts';
import { type OutputApi, type Piece, startOutputApi } from '../support/kept-output.ts';

let output: OutputApi;

beforeAll(async () => {
  output = await startOutputApi();
});

afterAll(() => output[Symbol.asyncDispose]());

const get = (id: string, query = '', headers: Record<string, string> = {}, path = 'output') =>
  output.api.request(`/api/v1/executions/${id}/${path}${query}`, {
    headers: { 'X-Auth-Token': output.api.token, ...headers },
  });

async function records(id: string, query: string): Promise<{ seq: number; data: string; output_type: string }[]> {
  const { text, status } = await get(id, `?format=ndjson${query}`);
  expect(status, text).toBe(200);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Lines with their ends; what follows the last end is one too. */
const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', '\n', '\n', '\r', '😀', ' '), maxLength: 30 }),
  fc.constantFrom('\n', 'one\n', 'two\nthree\n', '\n\n\n', 'x'.repeat(70_000), `${'y'.repeat(200_000)}\n`),
);
const invalid = fc.uint8Array({ maxLength: 12 });
const pieces = fc.array(
  fc.tuple(fc.constantFrom('stdout', 'stderr', 'output'), fc.oneof({ weight: 4, arbitrary: text }, invalid)),
  { maxLength: 20 },
) as fc.Arbitrary<Piece[]>; // the tuple's first part is one of the three
const type = fc.constantFrom('', '&output_type=stdout', '&output_type=stderr');

describe('slices of the whole', () => {
  test('tail, offset and limit: lines of the text, records of the other forms', async () => {
    const number = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(pieces, type, number, number, number, async (printed, types, tail, offset, limit) => {
        const { id } = await output.printed(printed);
        const query =
          types +
          (tail ? `&tail=${tail}` : '') +
          (offset === undefined ? '' : `&offset=${offset}`) +
          (limit === undefined ? '' : `&limit=${limit}`);
        const part = <T>(all: readonly T[]) => {
          const last = tail ? all.slice(-tail) : all;
          return last.slice(offset ?? 0).slice(0, limit ?? last.length);
        };
        const all = await records(id, types);
        expect(await records(id, query)).toEqual(part(all));
        expect((await get(id, `?format=json${query}`)).json).toEqual(part(all));
        const whole = (await get(id, `?${types}`)).text;
        expect(whole).toBe(all.map(({ data }) => data).join(''));
        expect((await get(id, `?${query}`)).text).toBe(part(linesOf(whole)).join(''));
      }),
      { numRuns: 60 },
    );
  });

  test('Range: bytes of the text, of one that is over and of one that runs', async () => {
    const range = fc.oneof(
      fc.tuple(fc.nat(120), fc.nat(120)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
      fc.record({ from: fc.nat(120) }),
      fc.record({ last: fc.nat(120) }),
      fc.record({ from: fc.constantFrom(69_990, 130_000, 200_001) }),
    );
    await fc.assert(
      fc.asyncProperty(
        pieces,
        type,
        fc.array(range, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (printed, types, ranges, isOver) => {
          const printing = await output.begin();
          printing.print(...printed);
          if (isOver) await printing.end();
          const { id } = printing.execution;
          const path = types === '' || isOver ? 'output' : (types.split('=')[1] ?? '');
          const query = path === 'output' ? `?${types}` : '';
          // The text over this path would go on: the same over the other one has an end.
          const whole = Buffer.from((await get(id, `?${types}`)).text);
          for (const wish of ranges) {
            const asked = 'last' in wish ? `-${wish.last}` : `${wish.from}-${'to' in wish ? wish.to : ''}`;
            const start = 'last' in wish ? Math.max(0, whole.length - wish.last) : wish.from;
            const end = Math.min(whole.length, 'to' in wish ? wish.to + 1 : whole.length);
            const answer = await getBytes(id, path + query, { Range: `bytes=${asked}` });
            if (start >= whole.length) {
              expect(answer).toMatchObject({ status: 416, range: `bytes */${whole.length}` });
              continue;
            }
            expect(answer).toMatchObject({
              status: 206,
              range: `bytes ${start}-${end - 1}/${isOver ? whole.length : '*'}`,
            });
            expect(answer.bytes.equals(whole.subarray(start, end))).toBe(true);
          }
          if (!isOver) await printing.end();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a long text in ranges, one after the other, is the text', async () => {
    const line = `${'0123456789'.repeat(9)}\n`;
    const printed: Piece[] = Array.from({ length: 90 }, (_, i) => ['stdout', `${i} ${line.repeat(1_500)}`]);
    const { id } = await output.printed(printed);
    const whole = Buffer.from(printed.map(([, piece]) => piece).join(''));
    expect(whole.length).toBeGreaterThan(12_000_000);
    const parts: Buffer[] = [];
    for (let start = 0; start < whole.length; start += 1_234_567) {
      const { bytes } = await getBytes(id, 'stdout', { Range: `bytes=${start}-${start + 1_234_566}` });
      parts.push(bytes);
    }
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });
});

async function getBytes(id: string, path: string, headers: Record<string, string>) {
  const response = await fetch(`${output.api.url}/api/v1/executions/${id}/${path}`, {
    headers: { 'X-Auth-Token': output.api.token, ...headers },
  });
  const range = response.headers.get('content-range');
  return { status: response.status, range, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('ranges as HTTP has them', () => {
  test('what is not one range of bytes is answered with the whole, which says that it takes ranges', async () => {
    const { id } = await output.printed([['stdout', '0123456789\n']]);
    for (const range of ['bytes=0-1,4-5', 'lines=0-1', 'bytes=5-2', 'bytes=-', 'nonsense']) {
      const answer = await get(id, '', { Range: range });
      expect(answer, range).toMatchObject({ status: 200, text: '0123456789\n' });
      expect(answer.headers.get('accept-ranges')).toBe('bytes');
    }
    // Parts that were chosen otherwise have no ranges.
    const tail = await get(id, '?tail=1', { Range: 'bytes=0-1' });
    expect([tail.status, tail.text, tail.headers.get('accept-ranges')]).toEqual([200, '0123456789\n', null]);
  });

  test('If-Range with the tag of what was sent before continues; another tag begins anew', async () => {
    const { id } = await output.printed([['stdout', '0123456789\n']]);
    const etag = (await get(id)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^".+"$/);
    const part = (condition: string) => get(id, '', { Range: 'bytes=4-', 'If-Range': condition });
    expect(await part(etag)).toMatchObject({ status: 206, text: '456789\n' });
    expect(await part('"other"')).toMatchObject({ status: 200, text: '0123456789\n' });
    const { execution, end } = await output.begin();
    expect((await get(execution.id)).headers.get('etag')).toBeNull();
    await end();
  });

  test('HEAD of a range has its headers and no body', async () => {
    const { id } = await output.printed([['stdout', '0123456789\n']]);
    const response = await fetch(`${output.api.url}/api/v1/executions/${id}/output`, {
      method: 'HEAD',
      headers: { 'X-Auth-Token': output.api.token, Range: 'bytes=-3' },
    });
    expect([response.status, response.headers.get('content-range'), response.headers.get('content-length')]).toEqual([
      206,
      'bytes 8-10/11',
      '3',
    ]);
    expect(await response.text()).toBe('');
  });
});

describe('the plain text of one stream', () => {
  test('tail=N: the last lines so far, then each new one', async () => {
    const printing = await output.begin();
    printing.print(['stdout', 'one\ntwo\n'], ['stderr', 'x\n'], ['stdout', 'three\nfo']);
    printing.writer.flush();
    const answer = get(printing.execution.id, '?tail=2', {}, 'stdout');
    const live = get(printing.execution.id, '?since=1', {}, 'stdout');
    await waitForReaders(2);
    printing.print(['stdout', 'ur\nfive\n']);
    await printing.end();
    expect((await answer).text).toBe('three\nfour\nfive\n');
    expect((await live).text).toBe('two\nthree\nfour\nfive\n');
  });
});

async function waitForReaders(count: number): Promise<void> {
  while (output.hub.readers < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('as a file', () => {
  test('download=true names it after execution, stream and form', async () => {
    const { id } = await output.printed([['stdout', 'one\n']]);
    const name = (answer: ApiAnswer) => answer.headers.get('content-disposition');
    expect(name(await get(id))).toBeNull();
    expect(name(await get(id, '?download=true'))).toBe(`attachment; filename="execution_${id}_output.txt"`);
    expect(name(await get(id, '?download=true&output_type=stderr&format=ndjson'))).toBe(
      `attachment; filename="execution_${id}_stderr.ndjson"`,
    );
    expect(name(await get(id, '?download=true&output_type=stdout&format=raw'))).toBe(
      `attachment; filename="execution_${id}_stdout.log"`,
    );
    expect(name(await get(id, '?download=1', { Range: 'bytes=1-' }))).toContain('output.txt');
  });
});

describe('bad values', () => {
  test.each([
    ['tail=0', /^tail: expected a number from 1, got 0$/],
    ['tail=x', /"tail" is not of type integer/],
    ['limit=-2', /^limit: expected a number from 0, or -1 for all, got -2$/],
    ['offset=-1', /^offset: expected a number from 0, got -1$/],
    ['since=monday', /^since: "monday" is no cursor/],
    ['format=tea', /^format: "tea" is none of text, ndjson, json, raw$/],
    ['context=-1', /^context: expected a number from 0, got -1$/],
    ['context=100000', /^context: expected at most 1000 lines, got 100000$/],
    ['grep=(&grep_regex=true', /^grep: "\(" is no regular expression of RE2: /],
    ['grep=(a)\\1&grep_regex=true', /^grep: .*invalid escape sequence/],
    [`grep=${'a'.repeat(1_001)}`, /^grep: expected at most 1000 characters, got 1001$/],
    ['grep=a&tail=3', /^tail: cannot be combined with grep/],
    ['grep=a&format=raw&output_type=stdout', /^grep: raw bytes have no lines/],
    ['grep=a&grep_regex=perhaps', /"grep_regex" is not of type boolean/],
  ])('%s is a bad request that names it', async (query, text) => {
    const { id } = await output.printed([['stdout', 'one\n']]);
    const answer = await get(id, `?${query}`);
    expect(answer.status).toBe(400);
    expect((answer.json as { faultstring: string }).faultstring).toMatch(text); // the error body
  });

  test('on the plain text of one stream too', async () => {
    const { id } = await output.printed([['stdout', 'one\n']]);
    for (const query of ['?tail=0', '?since=x']) expect((await get(id, query, {}, 'stdout')).status, query).toBe(400);
  });
});
