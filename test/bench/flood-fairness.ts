/** From print to reader while another execution floods: nobody's line waits because somebody else prints too much. */
import { nowUs, sleep, within } from './clock.ts';
import { HttpConnection, openStream } from './http-connection.ts';
import { timedPrinter } from './printer.ts';
import { digits, ms, type Report } from './result.ts';
import { percentile } from './statistics.ts';
import {
  outputPath,
  startBaseline,
  startExecution,
  startStormtail,
  type Target,
  type TargetOptions,
} from './target.ts';

const perSecond = 100;
const lines = 800;
/** The first lines meet the beginning of the flood, and code that was not compiled yet. */
const warmLines = 100;
const pieceBytes = 4_000_000;
const pieces = 160;
/** A flood without end would fill the disk; this is 60 to 80 MB/s for as long as the other one prints. */
const flood = `for i in $(seq ${pieces}); do yes | head -c ${pieceBytes}; sleep 0.05; done`;
const aimP99Us = 20_000;

export async function floodFairness(options: TargetOptions): Promise<Report> {
  const ours = await measured(() => startStormtail(options));
  const plain = await measured(startBaseline);
  const row = (what: string, share: number) => ({
    what,
    ours: ms(percentile(ours.lagUs, share)),
    baseline: ms(percentile(plain.lagUs, share)),
    ratio: percentile(plain.lagUs, share) / percentile(ours.lagUs, share),
  });
  return {
    how: `One execution floods (\`yes\`, ${digits(pieceBytes / 1e6)} MB each 50 ms) and has a reader; another prints the time ${perSecond} times a second and has one too. Print to reader of ${lines} lines of the second, after ${warmLines} that are not counted. Both readers are in the process of the benchmark, which the flood keeps busy too.`,
    rows: [
      row('print to reader during a flood, p50', 0.5),
      {
        ...row('print to reader during a flood, p99', 0.99),
        aim: `≤ ${aimP99Us / 1000} ms`,
        isMet: percentile(ours.lagUs, 0.99) <= aimP99Us,
      },
      {
        what: 'sent to the reader of the flood meanwhile',
        ours: `${digits(ours.floodBytes / 1e6)} MB`,
        baseline: `${digits(plain.floodBytes / 1e6)} MB`,
        ratio: ours.floodBytes / plain.floodBytes,
      },
    ],
  };
}

interface Measured {
  readonly lagUs: readonly number[];
  readonly floodBytes: number;
}

async function measured(start: () => Promise<Target>): Promise<Measured> {
  await using target = await start();
  let floodBytes = 0;
  const flooding = await openStream(target, outputPath(await requested(target, flood)), (bytes) => {
    floodBytes += bytes.length;
  });
  await sleep(500);
  const lagUs: number[] = [];
  const printer = timedPrinter({ lines: lines + warmLines, perSecond });
  const stream = await openStream(target, outputPath(await requested(target, printer)), (bytes) => {
    const arrivedUs = nowUs();
    for (const [, time] of bytes.toString('latin1').matchAll(/"data":"T(\d+)/g)) lagUs.push(arrivedUs - Number(time));
  });
  await within(90_000, `${lines} timed lines`, stream.ended);
  flooding.socket.destroy();
  if (lagUs.length < lines) throw new Error(`${lagUs.length} of ${lines + warmLines} lines arrived`);
  return { lagUs: lagUs.slice(warmLines), floodBytes };
}

/** On a connection of its own: one that is kept is closed by a server that the flood keeps from looking at it. */
async function requested(target: Target, command: string): Promise<string> {
  using connection = await HttpConnection.open(target);
  return await startExecution(connection, command);
}
