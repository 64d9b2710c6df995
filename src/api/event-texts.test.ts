import { describe, expect, test } from 'vitest';
import { sampleExecution } from '../../test/support/sample-execution.ts';
import type { Execution, ExecutionResult } from '../core/model/execution.ts';
import { EventTexts } from './event-texts.ts';
import { Held } from './held.ts';
import type { ExecutionEvent, OutputEvent } from './journal-event.ts';

const view = { webUrl: 'http://st2.example', showSecrets: false };
let number = 0;

function event(wish: Partial<Execution> = {}, result?: Held<ExecutionResult>): ExecutionEvent {
  number += 1;
  return {
    number,
    kind: 'execution',
    form: 'execution',
    name: 'st2.execution__update',
    execution: sampleExecution(wish),
    ...(result && { result }),
    isEnd: true,
  };
}

function texts(
  find: (id: string) => Promise<ExecutionResult | undefined> = () => Promise.resolve(undefined),
): EventTexts {
  return new EventTexts(view, find);
}

describe('an event of an execution', () => {
  test('is one line, however odd its values', () => {
    const json = texts().jsonNow(event({ parameters: { text: 'a\nb\u2028c\u0085d' } }), 'full');
    expect(json).not.toMatch(/[\n\u2028\u0085]/);
    expect(JSON.parse(String(json))).toMatchObject({ parameters: { text: 'a\nb\u2028c\u0085d' } });
  });

  test('has its result, or not, as the client wants it', () => {
    const failed = event({ status: 'failed', result_size: 7 }, new Held<ExecutionResult>({ a: 1 }));
    const all = texts();
    expect(all.jsonNow(failed, 'full')).toContain('"result":{"a":1}');
    expect(all.jsonNow(failed, 'no result')).not.toContain('"result":');
    expect(all.jsonNow(failed, 'no result')).toContain('"result_size":7');
    expect(all.jsonNow({ ...failed, number: -1, form: 'live action' }, 'full')).toContain('"result":"{\\"a\\":1}"');
  });

  test('has its result from the store where it is not held any more', async () => {
    const asked: string[] = [];
    const all = texts((id) => {
      asked.push(id);
      return Promise.resolve({ stored: true });
    });
    const held = new Held<ExecutionResult>({ held: true });
    held.value = undefined;
    const old = event({}, held);
    expect(all.jsonNow(old, 'full')).toBeUndefined();
    expect(all.jsonNow(old, 'no result')).toEqual(expect.any(String));
    expect(await all.json(old, 'full')).toContain('"result":{"stored":true}');
    expect(all.jsonNow(old, 'full')).toContain('"result":{"stored":true}');
    expect(asked).toEqual([old.execution.id]);
  });

  test('is told without a result where the execution is gone, and fails with the store', async () => {
    const held = new Held<ExecutionResult>({});
    held.value = undefined;
    const old = event({}, held);
    expect(await texts().json(old, 'full')).not.toContain('"result":');
    await expect(texts(() => Promise.reject(new Error('closed'))).json(old, 'full')).rejects.toThrow('closed');
  });

  test('that is long is the same bytes for everybody', () => {
    const all = texts();
    const long = event({ parameters: { cmd: 'ü'.repeat(100_000) } });
    const bytes = all.jsonNow(long, 'full');
    expect(bytes).toBeInstanceOf(Buffer);
    expect(JSON.parse(String(bytes))).toMatchObject({ parameters: long.execution.parameters });
    expect(all.jsonNow(long, 'full')).toBe(bytes);
  });
});

describe('what is kept', () => {
  const output = (at: number): OutputEvent => ({
    number: at,
    kind: 'output',
    name: 'st2.execution.output__create',
    executionId: 'x',
    afterSeq: at - 1,
    endSeq: at,
  });

  /** Which of so many events, told once each, need not be rendered again. */
  function kept(count: number, length: number): readonly number[] {
    const all = texts();
    for (let at = 1; at <= count; at++) all.frames(output(at), () => 'x'.repeat(length));
    const found: number[] = [];
    // Newest first: asking for one that is not kept would push out others.
    for (let at = count; at >= 1; at--) {
      let isKept = true;
      all.frames(output(at), () => {
        isKept = false;
        return '';
      });
      if (!isKept) break;
      found.push(at);
    }
    return found;
  }

  test('the newest texts, so many', () => {
    expect(kept(100, 10)).toHaveLength(64);
  });

  test('the newest texts, so long', () => {
    expect(kept(100, 100 * 1024)).toHaveLength(10);
    expect(kept(5, 10 * 1024 * 1024)).toEqual([5, 4]);
  });
});
