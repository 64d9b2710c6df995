/** `Range` of a request (RFC 9110 §14): one range of bytes is understood, anything else is answered with the whole. */
import type { IncomingHttpHeaders } from 'node:http';

/** `start` to before `end`; or `last` so many bytes. */
export type WantedRange =
  | { readonly kind: 'from'; readonly start: number; readonly end: number }
  | { readonly kind: 'last'; readonly bytes: number };

/** Undefined: the whole. `etag` is that of the whole, where it has one: `If-Range` with another one asks for the whole. */
export function wantedRange(headers: IncomingHttpHeaders, etag: string | undefined): WantedRange | undefined {
  const text = headers.range;
  if (text === undefined) return undefined;
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(text) ?? [];
  if (first === '') return last === '' ? undefined : { kind: 'last', bytes: Number(last) };
  if (last === '') return { kind: 'from', start: Number(first), end: Number.POSITIVE_INFINITY };
  if (Number(last) < Number(first)) return undefined;
  return { kind: 'from', start: Number(first), end: Number(last) + 1 };
}

/** The bytes to send of so many; undefined where none of them are wanted: 416. */
export function rangeWithin(
  wanted: WantedRange,
  length: number,
): { readonly start: number; readonly end: number } | undefined {
  const { start, end } = wanted.kind === 'last' ? { start: Math.max(0, length - wanted.bytes), end: length } : wanted;
  return start >= length ? undefined : { start, end: Math.min(end, length) };
}
