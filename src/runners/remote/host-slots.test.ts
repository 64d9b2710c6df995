import { expect, test } from 'vitest';
import { HostSlots } from './host-slots.ts';

test('no more than so many at once, in the order of asking', async () => {
  const slots = new HostSlots(2);
  const log: string[] = [];
  const work = async (name: string) => {
    using _slot = await slots.take();
    log.push(`+${name}`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`-${name}`);
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(work));
  expect(log.slice(0, 3)).toEqual(['+a', '+b', '-a']);
  expect(log.filter((entry) => entry.startsWith('+'))).toEqual(['+a', '+b', '+c', '+d']);
  let running = 0;
  for (const entry of log) {
    running += entry.startsWith('+') ? 1 : -1;
    expect(running).toBeLessThanOrEqual(2);
  }
});

test('who lends its slot lets the next in, and waits for its turn to go on', async () => {
  const slots = new HostSlots(1);
  const waiter = await slots.take();
  waiter.lend();
  const worker = await slots.take();
  let isBack = false;
  const back = waiter.takeBack().then(() => {
    isBack = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isBack).toBe(false);
  worker[Symbol.dispose]();
  worker[Symbol.dispose]();
  await back;
  await waiter.takeBack();
  waiter[Symbol.dispose]();
  (await slots.take())[Symbol.dispose]();
});

test('no more than all slots are lent at once', async () => {
  const slots = new HostSlots(2);
  const holders = await Promise.all([slots.take(), slots.take()]);
  for (const slot of holders) slot.lend();
  const more = await Promise.all([slots.take(), slots.take()]);
  for (const slot of more) slot.lend();
  let isIn = false;
  const fifth = slots.take().then((slot) => {
    isIn = true;
    return slot;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isIn).toBe(false);
  // One that lent is done without having come back: nobody's turn comes by that, but its loan is over.
  holders[0]?.[Symbol.dispose]();
  more[0]?.lend();
  (await fifth)[Symbol.dispose]();
});
