/** The bus within one process: the port's promises, and its bound. */
import { expect, test } from 'vitest';
import { type Log, silentLog } from '../../base/log.ts';
import { busContract } from '../bus.contract.ts';
import { LocalBus } from './local-bus.ts';

busContract('the local bus', async (log) => new LocalBus(log));

test('more than it can hold drops the oldest and says so', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => void warnings.push(message) };
  await using bus = new LocalBus(log);
  const heard: string[] = [];
  using _ = bus.subscribe('execution.requested', ({ id }) => void heard.push(id));
  const queueMax = 100_000;
  for (let at = 0; at < queueMax + 2; at++) bus.publish('execution.requested', { id: String(at) });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toHaveLength(queueMax);
  expect([heard[0], heard.at(-1)]).toEqual(['2', String(queueMax + 1)]);
  expect(warnings).toEqual(Array(2).fill('a hint was dropped: the bus is full'));
});
