import { expect, test } from 'vitest';
import { Disposals } from './disposal.ts';

function resource(log: string[], name: string, failure?: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      log.push(name);
      if (failure !== undefined) throw new Error(failure);
    },
  };
}

test('everything is closed in the reverse order of opening, one after the other', async () => {
  const log: string[] = [];
  {
    await using stack = new Disposals();
    const first = resource(log, 'first');
    expect(stack.use(first)).toBe(first);
    stack.use({ [Symbol.dispose]: () => void log.push('second') });
    stack.use(resource(log, 'third'));
  }
  expect(log).toEqual(['third', 'second', 'first']);
});

test('one that fails to close keeps no other open; the first failure is told', async () => {
  const log: string[] = [];
  const stack = new Disposals();
  for (const [name, failure] of [['a'], ['b', 'b failed'], ['c'], ['d', 'd failed']] as const)
    stack.use(resource(log, name, failure));
  await expect(stack[Symbol.asyncDispose]()).rejects.toThrow('d failed');
  expect(log).toEqual(['d', 'c', 'b', 'a']);
  await stack[Symbol.asyncDispose]();
  expect(log).toHaveLength(4);
});

test('what was handed over is closed by the new owner alone', async () => {
  const log: string[] = [];
  let moved: Disposals;
  {
    await using stack = new Disposals();
    stack.use(resource(log, 'a'));
    moved = stack.move();
  }
  expect(log).toEqual([]);
  await moved[Symbol.asyncDispose]();
  expect(log).toEqual(['a']);
});
