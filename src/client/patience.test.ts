import { expect, it } from 'vitest';
import { Outage, patienceLimits } from './patience.ts';

it('waits longer each time, says so once after a second, and gives up after some minutes', () => {
  const outage = new Outage();
  let nowMs = 1_000;
  const waits: number[] = [];
  const saidAfterMs: number[] = [];
  for (;;) {
    const patience = outage.failed(nowMs);
    if (patience.kind === 'give-up') break;
    if (patience.say) saidAfterMs.push(nowMs + patience.ms - 1_000);
    waits.push(patience.ms);
    nowMs += patience.ms;
  }
  expect(waits.slice(0, 8)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(saidAfterMs).toEqual([1500]);
  expect(nowMs - 1_000).toBeGreaterThanOrEqual(patienceLimits.totalMs);
});

it('starts anew after the server was back, and tells of that only if the outage was told of', () => {
  const outage = new Outage();
  outage.failed(0);
  expect(outage.over()).toBe(false);
  outage.failed(0);
  outage.failed(2_000);
  expect(outage.over()).toBe(true);
  expect(outage.failed(9_000_000)).toEqual({ kind: 'wait', ms: 100, say: false });
});
