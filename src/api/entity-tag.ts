/** Whether a client has the current version of something already (RFC 9110 §13). */
import type { IncomingHttpHeaders } from 'node:http';

export interface Version {
  readonly etag: string;
  readonly modifiedMs?: number;
}

/** Tags are compared weakly and also without quotes, as StackStorm's clients send them. A tag wins over a date. */
export function isUnchanged(headers: IncomingHttpHeaders, { etag, modifiedMs }: Version): boolean {
  const wanted = headers['if-none-match'];
  if (wanted !== undefined)
    return wanted.split(',').some((one) => one.trim() === '*' || bareTag(one) === bareTag(etag));
  const since = Date.parse(headers['if-modified-since'] ?? '');
  // HTTP dates have whole seconds.
  return modifiedMs !== undefined && !Number.isNaN(since) && Math.floor(modifiedMs / 1000) * 1000 <= since;
}

function bareTag(tag: string): string {
  return tag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
