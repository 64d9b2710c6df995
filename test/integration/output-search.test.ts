/** `?grep=` over HTTP: the lines that a plain search of the whole text finds, with the records they are in. */
import fc from 'fast-check';
import '../support/property-seed.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OutputApi, type Piece, startOutputApi } from '../support/kept-output.ts';

let output: OutputApi;

beforeAll(async () => {
  output = await startOutputApi();
});

afterAll(() => output[Symbol.asyncDispose]());

interface Found {
  readonly seq: number;
  readonly position: number;
  readonly data: string;
  readonly match: boolean;
  readonly output_type: string;
}

const get = (id: string, query: Record<string, string>) =>
  output.api.request(`/api/v1/executions/${id}/output?${new URLSearchParams(query)}`);

async function found(id: string, query: Record<string, string>): Promise<Found[]> {
  const { text, status } = await get(id, { format: 'ndjson', ...query });
  expect(status, text).toBe(200);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

test('any text, any pieces, any context: what a search of the whole finds', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '\n', '\n', '.', 'é'), maxLength: 25 });
  const piece = fc.tuple(fc.constant('stdout' as const), letters);
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é'), minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(
      fc.array<Piece>(piece, { maxLength: 15 }),
      pattern,
      fc.nat(3),
      fc.option(fc.nat(4), { nil: -1 }),
      fc.boolean(),
      async (printed, grep, context, limit, ignoresCase) => {
        const { id } = await output.printed(printed);
        const lines = linesOf(printed.map(([, text]) => text).join(''));
        const folded = (text: string) => (ignoresCase ? text.toLowerCase() : text);
        const hits = lines.flatMap((line, at) => (folded(line).includes(folded(grep)) ? [at] : []));
        const shown = limit === -1 ? hits : hits.slice(0, limit);
        const last = shown.at(-1) ?? -Infinity;
        const near = lines.flatMap((line, at) => {
          const isNear = shown.some((hit) => Math.abs(hit - at) <= context) && at <= last + context;
          return isNear ? [{ data: line, match: shown.includes(at) }] : [];
        });
        const query = {
          grep,
          context: String(context),
          limit: String(limit),
          grep_ignore_case: String(ignoresCase),
        };
        const answer = await found(id, query);
        expect(answer.map(({ data, match }) => ({ data, match }))).toEqual(near);
        // Each is where it says.
        const records = new Map(
          (await get(id, { format: 'ndjson' })).text
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line))
            .map((record) => [record.seq, record.data]),
        );
        for (const { seq, position, data } of answer) {
          const rest = String(records.get(seq)).slice(position);
          expect(rest.length > 0 && (rest.startsWith(data) || data.startsWith(rest))).toBe(true);
        }
      },
    ),
    { numRuns: 80 },
  );
});

describe('streams and forms', () => {
  test('lines of two streams are put together each for itself, and one stream can be searched alone', async () => {
    const { id } = await output.printed([
      ['stdout', 'out is '],
      ['stderr', 'err is '],
      ['stdout', 'good\n'],
      ['stderr', 'good\n'],
    ]);
    const texts = async (query: Record<string, string>) => (await found(id, query)).map(({ data }) => data);
    expect(await texts({ grep: 'is good' })).toEqual(['out is good\n', 'err is good\n']);
    expect(await texts({ grep: 'is good', output_type: 'stderr' })).toEqual(['err is good\n']);
    expect(await texts({ grep: 'is good', since: '2' })).toEqual([]);
  });

  test('text is what grep prints; json is one array', async () => {
    const { id } = await output.printed([['stdout', 'a1\nb\nb\nb\na2\nb\nlast a']]);
    expect((await get(id, { grep: 'a' })).text).toBe('a1\na2\nlast a\n');
    expect((await get(id, { grep: 'a', context: '1' })).text).toBe('a1\nb\n--\nb\na2\nb\nlast a\n');
    expect((await get(id, { grep: 'a2', context: '1' })).text).toBe('b\na2\nb\n');
    const { json } = await get(id, { grep: 'last', format: 'json' });
    expect(json).toMatchObject([{ execution_id: id, output_type: 'stdout', data: 'last a', seq: 7, match: true }]);
    expect((await get(id, { grep: 'nothing', format: 'json' })).json).toEqual([]);
  });

  test('regular expressions are those of RE2; $ is the end of a line, whatever ends it', async () => {
    const { id } = await output.printed([['stdout', 'GET /a 200\r\nGET /b 503\r\nPOST /c 500\n']]);
    const texts = async (grep: string, more = {}) =>
      (await found(id, { grep, grep_regex: 'true', ...more })).map(({ data }) => data.trim());
    expect(await texts('^GET .* 5\\d\\d$')).toEqual(['GET /b 503']);
    expect(await texts(' /[ac] ')).toEqual(['GET /a 200', 'POST /c 500']);
    expect(await texts('get|post', { grep_ignore_case: 'true' })).toHaveLength(3);
    expect((await found(id, { grep: '5\\d\\d' })).length).toBe(0);
  });

  test('patterns that stop a backtracking engine take no time', async () => {
    const { id } = await output.printed([['stdout', `${'a'.repeat(60_000)}!\n`]]);
    for (const grep of ['(a+)+$', '(a|a)*b', 'a*a*a*a*a*b', '^(([a-z])+.)+[A-Z]([a-z])+$'])
      expect(await found(id, { grep, grep_regex: 'true' }), grep).toEqual([]);
  });

  test('a line that is longer than a piece is found by what is in its pieces', async () => {
    const border = `${'z'.repeat(65_533)}border`;
    const long = `${border}${'x'.repeat(150_000)}needle${'y'.repeat(150_000)}\nshort\n`;
    const { id } = await output.printed([['stdout', long]]);
    const [hit, ...others] = await found(id, { grep: 'needle' });
    expect(others).toEqual([]);
    expect(hit?.data.length).toBeLessThanOrEqual(64 * 1024);
    expect(hit?.data).toContain('needle');
    expect(await found(id, { grep: 'border' })).toHaveLength(1);
    expect((await found(id, { grep: 'short' })).map(({ data }) => data)).toEqual(['short\n']);
  });
});
