/**
 * A service answered with an error status. The message is the one StackStorm's command line prints (spec/cli.md §7.5),
 * so the text users search for stays the same.
 */
import { isObject, tryParseJson } from '../base/json.ts';

/** Thrown for every answer whose status is 400 or more, unless the caller asked to see the answer itself. */
export class HttpStatusError extends Error {
  override name = 'HttpStatusError';
  readonly status: number;
  /** `Unauthorized`: the status line's own words. */
  readonly reason: string;
  readonly url: string;
  /** The service's explanation; undefined where the body was not an error body (a proxy's page, say). */
  readonly faultstring: string | undefined;

  constructor(status: number, reason: string, url: string, body: string) {
    const faultstring = faultstringOf(body);
    const side = status >= 500 ? 'Server' : 'Client';
    const explanation = faultstring === undefined ? '' : `\nMESSAGE: ${faultstring}`;
    super(`${status} ${side} Error: ${reason}${explanation} for url: ${url}`);
    this.status = status;
    this.reason = reason;
    this.url = url;
    this.faultstring = faultstring;
  }
}

/** The text of `{"faultstring": "…"}`, if the body is that. */
export function faultstringOf(body: string): string | undefined {
  const parsed = tryParseJson(body);
  return isObject(parsed) && typeof parsed.faultstring === 'string' ? parsed.faultstring : undefined;
}
