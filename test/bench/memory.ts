/**
 * A flood and a reader that does not read: 300 MB of the shortest lines there are, two readers, one of which stops after
 * its first bytes. The server's memory must stay where it is, and the other reader must get everything.
 */
import { nowUs, secondsSince, sleep, within } from './clock.ts';
import { HttpConnection, openStream } from './http-connection.ts';
import { forgetPeak, peakRssBytes, rssBytes } from './process-figures.ts';
import { digits, megabytes, type Report } from './result.ts';
import {
  outputPath,
  requireSuccess,
  startBaseline,
  startExecution,
  startStormtail,
  type Target,
  type TargetOptions,
} from './target.ts';

const floodBytes = 300_000_000;
const aimGrowthBytes = 100_000_000;
/** Of a stream, enough for its last frames. */
const endBytes = 400;
/** The baseline would take an hour; what it does in this time is enough to see where it goes. */
const plainSeconds = 10;

export async function memory(options: TargetOptions): Promise<Report> {
  const ours = await flooded(() => startStormtail(options), 120);
  const plain = await flooded(startBaseline, plainSeconds);
  return {
    how: `\`yes | head -c ${floodBytes}\` as an action, with two readers of its event stream, one of which stops reading after its first bytes. Idle is after the first executions and a pause; the peak is the kernel's own mark. The baseline is stopped after ${plainSeconds} s.`,
    rows: [
      { what: 'resident memory, idle', ours: megabytes(ours.idle), baseline: megabytes(plain.idle) },
      {
        what: 'peak during the flood, above idle',
        ours: megabytes(ours.peak - ours.idle),
        baseline: megabytes(plain.peak - plain.idle),
        ratio: (plain.peak - plain.idle) / (ours.peak - ours.idle),
        aim: `≤ ${megabytes(aimGrowthBytes)}`,
        isMet: ours.peak - ours.idle <= aimGrowthBytes,
      },
      { what: 'five seconds later, above idle', ours: megabytes(ours.after - ours.idle) },
      {
        what: 'time to the end of the stream',
        ours: `${digits(ours.seconds)} s`,
        baseline: plain.isOver ? `${digits(plain.seconds)} s` : 'stopped',
      },
    ],
    notes: [`Bytes of output in the log at the end: ${digits(ours.bytes)} of ${digits(floodBytes)}.`],
  };
}

interface Flooded {
  readonly idle: number;
  readonly peak: number;
  readonly after: number;
  readonly seconds: number;
  /** Of the action's output, as the end of the stream says; 0 where it did not come to that. */
  readonly bytes: number;
  readonly isOver: boolean;
}

async function flooded(start: () => Promise<Target>, secondsMax: number): Promise<Flooded> {
  await using target = await start();
  using connection = await HttpConnection.open(target);
  for (let at = 0; at < 20; at++) {
    const { body } = await connection.request('GET', outputPath(await startExecution(connection, ':')));
    requireSuccess(body);
  }
  await sleep(1_500);
  const idle = rssBytes(target.pid);
  forgetPeak(target.pid);
  const startUs = nowUs();
  const id = await startExecution(connection, `yes | head -c ${floodBytes}`);
  // What arrives is not looked at, or the reader would be what is measured: the end says how much it was.
  let end = '';
  const stream = await openStream(target, outputPath(id), (bytes) => {
    end = (end + bytes.toString('latin1', Math.max(0, bytes.length - endBytes))).slice(-endBytes);
  });
  const stalled = await openStream(target, outputPath(id), () => stalled.socket.pause());
  const isOver = await within(secondsMax * 1000, 'the flood', stream.ended).then(
    () => true,
    () => false,
  );
  const seconds = secondsSince(startUs);
  const peak = peakRssBytes(target.pid);
  if (isOver) await sleep(5_000);
  const after = rssBytes(target.pid);
  for (const { socket } of [stream, stalled]) socket.destroy();
  if (isOver) requireSuccess(end);
  const bytes = Number(/"bytes":(\d+)/.exec(end)?.[1] ?? 0);
  return { idle, peak, after, seconds, bytes, isOver };
}
