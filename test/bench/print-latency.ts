/** From a program's `write` to the bytes in a reader of the event stream: both look at the same clock. */
import { nowUs, within } from './clock.ts';
import { HttpConnection, openStream } from './http-connection.ts';
import { timedPrinter } from './printer.ts';
import { ms, type Report, type Row } from './result.ts';
import { percentile } from './statistics.ts';
import {
  outputPath,
  startBaseline,
  startExecution,
  startStormtail,
  type Target,
  type TargetOptions,
} from './target.ts';

const rates = [
  { perSecond: 20, lines: 300 },
  { perSecond: 200, lines: 1_000 },
] as const;
const aimUs = { p50: 1_000, p99: 5_000 } as const;
/** The first lines meet code that was not compiled yet. */
const warmLines = 20;

export async function printLatency(options: TargetOptions): Promise<Report> {
  await using ours = await startStormtail(options);
  await using plain = await startBaseline();
  const rows: Row[] = [];
  for (const rate of rates) {
    const oursUs = await latencies(ours, rate);
    const plainUs = await latencies(plain, rate);
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const value = percentile(oursUs, share);
      rows.push({
        what: `print to reader, ${rate.perSecond} lines/s, ${name}`,
        ours: ms(value),
        baseline: ms(percentile(plainUs, share)),
        ratio: percentile(plainUs, share) / value,
        aim: `≤ ${aimUs[name] / 1000} ms`,
        isMet: value <= aimUs[name],
      });
    }
  }
  return {
    how: `A program prints the time, unbuffered; one reader of its event stream compares when the bytes arrive. ${rates.map((rate) => `${rate.lines} lines at ${rate.perSecond}/s`).join(', ')}; the first ${warmLines} are not counted. In ours the line has been indexed on disk before it is sent; in the baseline it has been saved as a row.`,
    rows,
  };
}

async function latencies(target: Target, rate: { perSecond: number; lines: number }): Promise<readonly number[]> {
  using connection = await HttpConnection.open(target);
  const samples: number[] = [];
  const id = await startExecution(connection, timedPrinter({ ...rate, lines: rate.lines + warmLines }));
  const stream = await openStream(target, outputPath(id), (bytes) => {
    const arrivedUs = nowUs();
    for (const [, time] of bytes.toString('latin1').matchAll(/"data":"T(\d+)/g)) samples.push(arrivedUs - Number(time));
  });
  await within((rate.lines / rate.perSecond + 20) * 1000, `${rate.lines} timed lines`, stream.ended);
  // A line that was torn by the end of a read is not found by the pattern; more than a few would mean lost output.
  if (samples.length < rate.lines) throw new Error(`${samples.length} of ${rate.lines + warmLines} lines arrived`);
  return samples.slice(warmLines);
}
