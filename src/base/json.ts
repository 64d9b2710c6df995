/** JSON values, and the few questions that are asked of them everywhere. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parsed value, or undefined where the text is not JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // "not JSON" is the answer asked for
  }
}

/** One-line JSON that no line splitter can break: older SSE clients split at U+2028, U+2029 and U+0085. */
export function oneLineJson(value: unknown): string {
  return escapeLineSeparators(JSON.stringify(value));
}

export function escapeLineSeparators(json: string): string {
  return /[\u0085\u2028\u2029]/.test(json)
    ? json.replace(/[\u0085\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : json;
}
