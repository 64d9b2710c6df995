/** A program that prints as fast as it can: lines per second until all are kept, and until a reader has them too. */
import { nowUs, secondsSince, sleep, within } from './clock.ts';
import { HttpConnection, openStream } from './http-connection.ts';
import { fastLineBytes, fastLines } from './printer.ts';
import { cpuSeconds } from './process-figures.ts';
import { digits, type Report } from './result.ts';
import {
  outputPath,
  startBaseline,
  startExecution,
  startStormtail,
  statusOf,
  type Target,
  type TargetOptions,
} from './target.ts';

const oursLines = 3_000_000;
/** The baseline would take minutes for as many. */
const plainLines = 200_000;
const aimPerSecond = 150_000;

export async function lineRate(options: TargetOptions): Promise<Report> {
  await using ours = await startStormtail(options);
  await using plain = await startBaseline();
  await followed(ours, 200_000);
  await followed(plain, 20_000);
  const oursFollowed = await followed(ours, oursLines);
  const plainFollowed = await followed(plain, plainLines);
  const oursAlone = await unfollowed(ours, oursLines);
  const plainAlone = await unfollowed(plain, plainLines);
  return {
    how: `An action prints lines of ${fastLineBytes} bytes as fast as the system takes them (${digits(oursLines / 1e6)} million; ${digits(plainLines / 1000)} thousand for the baseline). Counted from the request to the end of the stream, every line checked off by the reader; without a reader, to the final status.`,
    rows: [
      {
        what: 'lines kept and delivered to one reader',
        ours: `${digits(oursFollowed.perSecond)}/s`,
        baseline: `${digits(plainFollowed.perSecond)}/s`,
        ratio: oursFollowed.perSecond / plainFollowed.perSecond,
        aim: `≥ ${digits(aimPerSecond)}/s`,
        isMet: oursFollowed.perSecond >= aimPerSecond,
      },
      {
        what: 'lines kept, no reader',
        ours: `${digits(oursAlone.perSecond)}/s`,
        baseline: `${digits(plainAlone.perSecond)}/s`,
        ratio: oursAlone.perSecond / plainAlone.perSecond,
      },
      {
        what: 'processor time of the server per million lines, one reader',
        ours: `${digits(oursFollowed.cpuPerMillion)} s`,
        baseline: `${digits(plainFollowed.cpuPerMillion)} s`,
        ratio: plainFollowed.cpuPerMillion / oursFollowed.cpuPerMillion,
      },
    ],
  };
}

export interface Rate {
  readonly perSecond: number;
  readonly cpuPerMillion: number;
}

/** `others` as in `startExecution`. */
export async function followed(
  target: Target,
  lines: number,
  others?: Parameters<typeof startExecution>[2],
): Promise<Rate> {
  using connection = await HttpConnection.open(target);
  let arrived = 0;
  let tail = Buffer.alloc(0);
  const cpuBefore = cpuSeconds(target.pid);
  const startUs = nowUs();
  const id = await startExecution(connection, fastLines(lines), others);
  const stream = await openStream(target, outputPath(id), (bytes) => {
    // In JSON every line ends with a backslash and an n; a pair torn between two reads is put together again.
    const text = tail.length > 0 ? Buffer.concat([tail, bytes]) : bytes;
    for (let at = text.indexOf('\\n'); at !== -1; at = text.indexOf('\\n', at + 2)) arrived += 1;
    tail = text[text.length - 1] === 0x5c ? Buffer.from('\\') : Buffer.alloc(0);
  });
  await within(60_000, `${lines} lines`, stream.ended);
  return rate(target, { lines, arrived, cpuBefore, startUs });
}

export async function unfollowed(
  target: Target,
  lines: number,
  others?: Parameters<typeof startExecution>[2],
): Promise<Rate> {
  using connection = await HttpConnection.open(target);
  const cpuBefore = cpuSeconds(target.pid);
  const startUs = nowUs();
  const id = await startExecution(connection, fastLines(lines), others);
  const done = async () => {
    while ((await statusOf(connection, id)) !== 'succeeded') await sleep(20);
  };
  await within(60_000, `${lines} lines`, done());
  return rate(target, { lines, arrived: lines, cpuBefore, startUs });
}

function rate(target: Target, run: { lines: number; arrived: number; cpuBefore: number; startUs: number }): Rate {
  if (run.arrived !== run.lines) throw new Error(`${target.name}: ${run.arrived} of ${run.lines} lines arrived`);
  const cpu = cpuSeconds(target.pid) - run.cpuBefore;
  return { perSecond: run.lines / secondsSince(run.startUs), cpuPerMillion: (cpu / run.lines) * 1e6 };
}
