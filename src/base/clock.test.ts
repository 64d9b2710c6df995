import { expect, test } from 'vitest';
import { ManualClock, systemClock } from './clock.ts';

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
