import { expect, test } from 'vitest';
import { openTestContext, type TestContext } from '../../test/support/test-context.ts';
import { readinessProblems } from './readiness.ts';

const well = { idleReason: undefined, isDiskFull: false } as const;

test('a server whose store answers, whose disk has room and whose runner works is ready', async () => {
  await using opened = await openTestContext();
  expect(await readinessProblems(opened.context, well)).toEqual([]);
});

test('each thing that stands in the way is named', async () => {
  await using opened = await openTestContext();
  expect(await readinessProblems(opened.context, { idleReason: 'stopping', isDiskFull: true })).toEqual([
    'the disk that holds the home is full',
    'the server is stopping: it takes no new executions',
  ]);
  expect(await readinessProblems(opened.context, { ...well, idleReason: 'not started' })).toEqual([
    'the action runner has not started yet',
  ]);
});

test('a store that refuses, and one that does not answer, are told apart and waited for only so long', async () => {
  await using opened = await openTestContext();
  await opened.context.store[Symbol.asyncDispose]();
  expect(await readinessProblems(opened.context, well)).toEqual(['the store refuses to be read']);

  const silent = withAccess(opened, () => new Promise<never>(() => {}));
  const asked = readinessProblems(silent, well);
  await Promise.resolve();
  opened.clock.advance(1_000);
  expect(await asked).toEqual(['the store has not answered for 1000 ms']);
});

/** A store whose settings are read in another way: a thread that hangs cannot be made to. */
function withAccess({ context }: TestContext, readSetting: () => Promise<string | undefined>): TestContext['context'] {
  return { ...context, store: { ...context.store, access: { ...context.store.access, readSetting } } };
}
