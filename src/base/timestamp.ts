/** Timestamps as StackStorm writes and reads them: UTC, six fractional digits, `Z`. Inside, microseconds since 1970. */

const accepted = /^(\d{4})-(\d{2})-(\d{2})[\sT](\d{2}):(\d{2}):(\d{2})(?:\.(\d{3,6}))?(?:Z|\+00|\+0000|\+00:00)$/;

/** `1530000000123456` → `2018-06-26T08:00:00.123456Z`. */
export function formatTimestamp(us: number): string {
  // The remainder is exact for every number; `us - ms * 1000` is not where the product is beyond 2^53 (the year 2255).
  const rest = ((us % 1000) + 1000) % 1000;
  const ms = Math.round((us - rest) / 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/** Microseconds, or undefined where the text is not of the accepted form (spec/api.md §4) or names no real moment. */
export function parseTimestamp(text: string): number | undefined {
  const match = accepted.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // A moment that does not exist (31 April, 24:00, 08:60) becomes another one, and is known by that.
  if (new Date(ms).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`)
    return undefined;
  return ms * 1000 + Number(fraction.padEnd(6, '0') || 0);
}
