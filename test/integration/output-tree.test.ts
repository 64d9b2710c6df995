/**
 * The output of an execution and all below it as one: each record once, whoever joins when, wherever the connection is
 * cut, whatever appears meanwhile.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Execution } from '../../src/core/model/execution.ts';
import { TreeCursor } from '../../src/operations/tree-cursor.ts';
import { seededChance, seeds } from '../simulation/seeded-chance.ts';
import { type OutputApi, type Printing, startOutputApi } from '../support/kept-output.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream, outputEvent } from '../support/sse.ts';

let output: OutputApi;

beforeAll(async () => {
  output = await startOutputApi();
});

afterAll(() => output[Symbol.asyncDispose]());

const credentials = () => ({ 'X-Auth-Token': output.api.token });
const follow = (id: string, query = '', headers: Record<string, string> = {}) =>
  EventStream.open(`${output.api.url}/stream/v1/executions/${id}/output?recursive=true${query}`, {
    headers: { ...credentials(), ...headers },
  });
const ended = (stream: EventStream) => within('the end of the stream', 15_000, stream.closed);

function child(parent: Printing, task?: string): Promise<Printing> {
  const { id } = parent.execution;
  const context = {
    user: 'ann',
    pack: 'core',
    parent: { execution_id: id },
    ...(task !== undefined && { orquesta: { task_name: task } }),
  };
  return output.begin({ parent: id, context });
}

const line = (printing: Printing, text: string) => {
  printing.print(['stdout', `${text}\n`]);
};
const texts = (stream: EventStream) => stream.records.map(({ data }) => data.trim());

describe('one stream for all', () => {
  test('children that are there and children that come, tasks by name, and the end after the last of them', async () => {
    const root = await output.begin();
    const first = await child(root, 'build');
    line(root, 'root 1');
    line(first, 'build 1');
    using stream = await follow(root.execution.id, '&status=true&end=true');
    await stream.waitFor('what there is', () => stream.records.length === 2);
    const second = await child(root, 'test');
    line(second, 'test 1');
    const grandchild = await child(second, 'unit');
    line(grandchild, 'unit 1');
    await stream.waitFor('what came', () => stream.records.length === 4);
    expect(new Set(texts(stream))).toEqual(new Set(['root 1', 'build 1', 'test 1', 'unit 1']));
    await first.end();
    await root.end();
    line(grandchild, 'unit 2');
    await stream.waitFor('the line after the end of the first', () => texts(stream).includes('unit 2'));
    expect(stream.isClosed).toBe(false);
    await grandchild.end('failed');
    await second.end();
    expect(await ended(stream)).toBe('end');
    const named = stream.events(outputEvent).map(({ data }) => JSON.parse(data));
    expect(named.find(({ data }) => data === 'unit 1\n')).toMatchObject({
      task: 'unit',
      execution_id: grandchild.execution.id,
      seq: 1,
    });
    expect(named.find(({ data }) => data === 'root 1\n')).not.toHaveProperty('task');
    const updates = stream.events('st2.execution__update').map(({ data }) => JSON.parse(data));
    const ends = updates.filter(({ status }) => status !== 'running').map(({ id, status }) => [id, status]);
    expect(ends.at(-1)).toEqual([root.execution.id, 'succeeded']);
    expect(ends).toContainEqual([grandchild.execution.id, 'failed']);
    expect(ends).toHaveLength(4);
    expect(stream.frames.slice(-2).map(({ event }) => event)).toEqual(['st2.execution.output__end', 'EOF']);
  });

  test('of what is over: all of it, and its end; of one type', async () => {
    const root = await output.begin();
    const below = await child(root, 'a');
    below.print(['stdout', 'out\n'], ['stderr', 'err\n']);
    await below.end();
    await root.end();
    using all = await follow(root.execution.id);
    expect(await ended(all)).toBe('end');
    expect(texts(all)).toEqual(['out', 'err']);
    using one = await follow(root.execution.id, '&output_type=stderr');
    expect(await ended(one)).toBe('end');
    expect(texts(one)).toEqual(['err']);
  });

  test('more children than a cursor names: from any of its ids, exactly what was not sent yet', async () => {
    const root = await output.begin();
    for (let i = 0; i < 112; i++) {
      const one = await child(root, `t${i}`);
      line(one, `line ${i}`);
      if (i !== 7) await one.end();
      else line(one, 'line 7b');
    }
    using stream = await follow(root.execution.id);
    await stream.waitFor('all lines', () => stream.records.length === 113);
    const frames = stream.events(outputEvent);
    for (const at of [0, 40, 104, 108, 112]) {
      const id = frames[at]?.id ?? '';
      expect(id.length).toBeLessThan(5_000);
      using resumed = await follow(root.execution.id, '', { 'Last-Event-ID': id });
      await resumed.waitFor('the rest', () => resumed.records.length >= 112 - at);
      const dataOf = (list: typeof frames) => list.map(({ data }) => JSON.parse(data).data).sort();
      expect(dataOf(resumed.events(outputEvent)), `after ${at}`).toEqual(dataOf(frames.slice(at + 1)));
    }
  });
});

describe('cut at any place', () => {
  test.each(seeds(8))(
    'each record once, in the order of its execution (seed %i)',
    async (seed) => {
      const chance = seededChance(seed);
      const root = await output.begin();
      const printings: Printing[] = [root];
      const open = new Set<Printing>([root]);
      const expected = new Map<string, string[]>();
      const got = new Map<string, string[]>();
      let lastId: string | undefined;
      let isEnded = false;
      const reading = (async () => {
        while (!isEnded) {
          using stream = await follow(root.execution.id, '', lastId === undefined ? {} : { 'Last-Event-ID': lastId });
          const wanted = chance.between(1, 12);
          await until('some records or the end', () => stream.isClosed || stream.records.length >= wanted, 30_000);
          isEnded = stream.isClosed;
          // What came after the cut is not looked at: the client is gone.
          const frames = isEnded ? stream.events(outputEvent) : stream.events(outputEvent).slice(0, wanted);
          for (const { data, id } of frames) {
            const record = JSON.parse(data);
            got.set(record.execution_id, [...(got.get(record.execution_id) ?? []), record.data.trim()]);
            lastId = id;
          }
        }
      })();
      for (let step = 0; step < 120; step++) {
        const [, ...others] = open;
        const one = chance.of([root, ...others]);
        const what = chance.between(0, 9);
        if (what === 0 && printings.length < 12) {
          const born = await child(one, `task${printings.length}`);
          printings.push(born);
          open.add(born);
        } else if (what === 1 && one !== root) {
          open.delete(one);
          await one.end();
        } else {
          const { id } = one.execution;
          expected.set(id, [...(expected.get(id) ?? []), `${step}`]);
          line(one, `${step}`);
        }
        if (chance.is(0.2)) await new Promise((resolve) => setTimeout(resolve, chance.between(0, 15)));
      }
      for (const one of [...open].reverse()) await one.end();
      await within('all of it', 40_000, reading);
      expect(got).toEqual(expected);
    },
    60_000,
  );
});

describe('so far (path 1)', () => {
  async function finishedTree(): Promise<{ root: Execution; ids: string[] }> {
    const root = await output.begin();
    line(root, 'begin');
    const build = await child(root, 'build');
    line(build, 'one\ntwo');
    const inner = await child(build);
    inner.print(['stdout', 'no end']);
    await inner.end();
    await build.end();
    const last = await child(root, 'test');
    line(last, 'three');
    await last.end();
    return { root: await root.end(), ids: [root, build, inner, last].map(({ execution }) => execution.id) };
  }

  test('text has the name of the task or action before each line, records say whose they are', async () => {
    const { root, ids } = await finishedTree();
    const get = (query: string) => output.api.request(`/api/v1/executions/${root.id}/output?recursive=true${query}`);
    expect((await get('')).text).toBe(
      '[core.local] begin\n[build] one\n[build] two\n[core.local] no end\n[test] three\n',
    );
    const records = (await get('&format=json')).json as { execution_id: string; data: string; task?: string }[]; // as published
    expect(records.map(({ execution_id, data, task }) => [execution_id, data, task])).toEqual([
      [ids[0], 'begin\n', undefined],
      [ids[1], 'one\n', 'build'],
      [ids[1], 'two\n', 'build'],
      [ids[2], 'no end', undefined],
      [ids[3], 'three\n', 'test'],
    ]);
    const cursor = new TreeCursor();
    for (const id of ids) cursor.add(id);
    cursor.advance(ids[0] ?? '', 1);
    cursor.advance(ids[1] ?? '', 1);
    expect((await get(`&since=${cursor.textAt(ids[1] ?? '')}`)).text).toBe(
      '[build] two\n[core.local] no end\n[test] three\n',
    );
  });

  test('what has no meaning across executions is refused by name', async () => {
    const { root } = await finishedTree();
    for (const [query, name] of [
      ['tail=1', 'tail'],
      ['limit=1', 'limit'],
      ['offset=1', 'offset'],
      ['grep=a', 'grep'],
      ['format=raw', 'format'],
      ['since=5', 'since'],
    ]) {
      const answer = await output.api.request(`/api/v1/executions/${root.id}/output?recursive=true&${query}`);
      expect(answer).toMatchObject({ status: 400, json: { faultstring: expect.stringMatching(`^${name}: `) } });
    }
    await expect(follow(root.id, '&tail=1')).rejects.toMatchObject({ status: 400 });
    await expect(follow(root.id, '&since=5')).rejects.toMatchObject({ status: 400 });
    using any = await follow(root.id, '', { 'Last-Event-ID': 'nonsense' });
    expect(await ended(any)).toBe('end');
    expect(any.records).toHaveLength(5);
  });
});
