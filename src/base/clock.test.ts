import { expect, test } from 'vitest';
import { ManualClock, systemClock, wallClock } from './clock.ts';

test('a clock moved by hand stands still until it is moved', () => {
  const clock = new ManualClock(5);
  expect([clock.nowUs(), clock.nowUs()]).toEqual([5, 5]);
  clock.advance(1.5);
  expect(clock.nowUs()).toBe(1_505);
});

test('timers fire in order of time, then of setting, at their own moment', () => {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  const fire = (name: string) => () => void fired.push(`${name} at ${clock.nowUs() / 1000}`);
  clock.after(20, fire('b'));
  clock.after(10, fire('a'));
  clock.after(20, fire('c'));
  clock.after(21, fire('late'));
  clock.advance(9);
  expect(fired).toEqual([]);
  clock.advance(11);
  expect(fired).toEqual(['a at 10', 'b at 20', 'c at 20']);
  expect(clock.nowUs()).toBe(20_000);
});

test('a timer set by a timer fires within the same move where its time comes', () => {
  const clock = new ManualClock(0);
  const at: number[] = [];
  const again = () => {
    at.push(clock.nowUs() / 1000);
    if (at.length < 4) clock.after(10, again);
  };
  clock.after(10, again);
  clock.advance(35);
  expect(at).toEqual([10, 20, 30]);
  clock.advance(5);
  expect(at).toEqual([10, 20, 30, 40]);
});

test('a timer that was called off does not fire, called off by another at the same moment neither', () => {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  const cancel = clock.after(10, () => void fired.push('first'));
  clock.after(10, () => cancelThird());
  const cancelThird = clock.after(10, () => void fired.push('third'));
  cancel();
  cancel();
  clock.advance(10);
  expect(fired).toEqual([]);
});

test('the clock of the system tells microseconds and follows the time of day', () => {
  const us = systemClock.nowUs();
  expect(Number.isInteger(us)).toBe(true);
  expect(Math.abs(us / 1000 - Date.now())).toBeLessThan(1_000);
});

test('timers of the system clock fire once, or not at all where they are called off', async () => {
  let calledOff = false;
  const cancel = systemClock.after(1, () => {
    calledOff = true;
  });
  cancel();
  await new Promise<void>((resolve) => systemClock.after(10, resolve));
  expect(calledOff).toBe(false);
  // Longer than a timer can be set for: it must not fire at once.
  let fired = false;
  const cancelLong = systemClock.after(2 ** 40, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  expect(fired).toBe(false);
  cancelLong();
});

/** A system whose clocks are out of step by a part of a millisecond, as they always are. */
function fakeSystem() {
  const at = { monotonicMs: 5_000.7, wallMs: 1_700_000_000_000.2 };
  const pass = (ms: number) => {
    at.monotonicMs += ms;
    at.wallMs += ms;
  };
  const clock = wallClock({ monotonicMs: () => at.monotonicMs, wallMs: () => Math.floor(at.wallMs) });
  return { at, pass, clock };
}

test('wall time never goes backwards by itself, however the milliseconds of both clocks fall', () => {
  const { pass, clock } = fakeSystem();
  let last = 0;
  for (let step = 0; step < 5_000; step++) {
    const now = clock.nowUs();
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
    pass(0.037);
  }
  let before = 0;
  for (let step = 0; step < 20_000; step++) {
    const now = systemClock.nowUs();
    expect(now).toBeGreaterThanOrEqual(before);
    before = now;
  }
});

test('wall time follows the system clock when that is set, in either direction; durations do not', () => {
  const { at, pass, clock } = fakeSystem();
  const startUs = clock.monotonicUs();
  for (const hours of [5, -9, 0.001, -0.001]) {
    at.wallMs += hours * 3_600_000;
    pass(10);
    expect(Math.abs(clock.nowUs() - at.wallMs * 1000), `set by ${hours} hours`).toBeLessThanOrEqual(1_000);
  }
  expect(clock.monotonicUs() - startUs).toBe(40_000);
});

test('a clock moved by hand can be set: timers and durations do not notice', () => {
  const clock = new ManualClock(0);
  let fired = 0;
  clock.after(100, () => {
    fired += 1;
  });
  clock.setWall(7_200_000);
  expect([clock.nowUs(), clock.monotonicUs(), fired]).toEqual([7_200_000_000, 0, 0]);
  clock.advance(99);
  clock.setWall(-86_400_000);
  expect(fired).toBe(0);
  clock.advance(1);
  expect([clock.nowUs(), clock.monotonicUs(), fired]).toEqual([-79_199_900_000, 100_000, 1]);
});
