/** Filters of lists: equality on a field of a record (spec/api.md §5.4). */

/**
 * Whether a field has the wanted value. Nothing wanted: anything has. `null` in any case wants the field to be absent
 * or null.
 */
export function hasValue(value: unknown, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (wanted.toLowerCase() === 'null') return value === undefined || value === null;
  return value === wanted;
}

/** Whether a field has one of several wanted values; none wanted: anything has. */
export function hasOneOf(value: unknown, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.some((one) => hasValue(value, one));
}
