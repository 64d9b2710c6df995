import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

test('a moment is written with six digits and Z, and read back exactly', () => {
  expect(formatTimestamp(1_530_000_000_123_456)).toBe('2018-06-26T08:00:00.123456Z');
  expect(formatTimestamp(1_530_000_000_000_007)).toBe('2018-06-26T08:00:00.000007Z');
  expect(formatTimestamp(-1)).toBe('1969-12-31T23:59:59.999999Z');
  // Too far for exact microseconds, and once written with a negative fraction.
  expect(formatTimestamp(141_521_511_658_118 * 1000 + 985)).toMatch(/^6454-08-21T11:00:58\.11\d{4}Z$/);
  // Years 1970 to 9999.
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), fc.nat(999), (ms, rest) => {
      const us = ms * 1000 + rest;
      expect(formatTimestamp(us)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      if (Number.isSafeInteger(us)) expect(parseTimestamp(formatTimestamp(us))).toBe(us);
    }),
  );
});

describe('forms that are read', () => {
  test.each([
    ['2018-06-26T08:00:00Z', 0],
    ['2018-06-26 08:00:00Z', 0],
    ['2018-06-26T08:00:00.123Z', 123_000],
    ['2018-06-26T08:00:00.12345Z', 123_450],
    ['2018-06-26T08:00:00.123456+00:00', 123_456],
    ['2018-06-26T08:00:00+0000', 0],
    ['2018-06-26T08:00:00+00', 0],
  ])('%s', (text, restUs) => {
    expect(parseTimestamp(text)).toBe(1_530_000_000_000_000 + restUs);
  });
});

describe('forms that are not', () => {
  test.each([
    '',
    'now',
    '2018-06-26',
    '2018-06-26T08:00:00',
    '2018-06-26T08:00:00.1Z',
    '2018-06-26T08:00:00.1234567Z',
    '2018-06-26T08:00:00+02:00',
    '2018-06-26T08:00:00z',
    '2018-6-26T08:00:00Z',
    '2018-02-29T08:00:00Z',
    '2018-13-01T08:00:00Z',
    '2018-04-31T08:00:00Z',
    '2018-06-26T24:00:00Z',
    '2018-06-26T08:60:00Z',
    '2018-06-26T08:00:61Z',
    ' 2018-06-26T08:00:00Z',
    '2018-06-26T08:00:00Z\n',
  ])('%j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test('the leap day of a leap year is a day', () => {
    expect(parseTimestamp('2020-02-29T00:00:00Z')).toBe(1_582_934_400_000_000);
  });
});
