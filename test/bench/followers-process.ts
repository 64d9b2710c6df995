/**
 * A thousand readers of one stream, in a process of their own so that the server's processor share is its own. They
 * look at as little as they can: the last `id:` of what arrives, and the time printed in the first and last record.
 */
import { nowUs } from './clock.ts';
import { type OpenStream, openStream } from './http-connection.ts';
import { endWithParent, tellParent } from './role.ts';
import { percentile } from './statistics.ts';

export interface FollowersFound {
  /** Records that arrived, over all followers. */
  readonly deliveries: number;
  /** Followers that had the last record. */
  readonly complete: number;
  readonly lagUs: { readonly p50: number; readonly p99: number; readonly max: number };
}

const idMark = Buffer.from('\nid: ');
const timeMark = Buffer.from('"data":"T');
/** Opened at once; all of them together would overflow the listening queue. */
const openAtOnce = 50;

export async function followersProcess(options: {
  port: number;
  headers: string;
  path: string;
  count: number;
  lines: number;
}): Promise<void> {
  endWithParent();
  const lags: number[] = [];
  const seqs = new Array<number>(options.count).fill(0);
  const streams: OpenStream[] = [];
  const open = (follower: number) =>
    openStream(options, options.path, (bytes) => {
      const arrivedUs = nowUs();
      // The id of a frame stands before its data: from the last whole one on, everything before has arrived.
      const seq = numberAfter(bytes, idMark, bytes.lastIndexOf(idMark));
      if (seq !== undefined) seqs[follower] = Math.max(seqs[follower] ?? 0, seq);
      for (const at of [bytes.indexOf(timeMark), bytes.lastIndexOf(timeMark)]) {
        const time = numberAfter(bytes, timeMark, at);
        if (time !== undefined) lags.push(arrivedUs - time);
      }
    });
  for (let at = 0; at < options.count; at += openAtOnce) {
    const some = Array.from({ length: Math.min(openAtOnce, options.count - at) }, (_, i) => open(at + i));
    streams.push(...(await Promise.all(some)));
  }
  tellParent({ open: streams.length });
  await Promise.all(streams.map((stream) => stream.ended));
  const found: FollowersFound = {
    deliveries: seqs.reduce((total, seq) => total + seq, 0),
    complete: seqs.filter((seq) => seq === options.lines).length,
    lagUs: { p50: percentile(lags, 0.5), p99: percentile(lags, 0.99), max: percentile(lags, 1) },
  };
  tellParent({ found });
  process.disconnect();
}

/** The decimal number behind a mark, where the number is followed by something: else it may be torn. */
function numberAfter(bytes: Buffer, mark: Buffer, at: number): number | undefined {
  if (at === -1) return undefined;
  let value = 0;
  for (let index = at + mark.length; index < bytes.length; index++) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
  return undefined;
}
