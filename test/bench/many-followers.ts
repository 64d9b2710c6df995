/** A thousand readers of one execution that prints five hundred lines a second: how many get how much how late. */
import { nowUs, secondsSince, sleep, within } from './clock.ts';
import type { FollowersFound } from './followers-process.ts';
import { HttpConnection } from './http-connection.ts';
import { timedPrinter } from './printer.ts';
import { cpuSeconds } from './process-figures.ts';
import { digits, ms, type Report } from './result.ts';
import { startRole } from './role.ts';
import {
  outputPath,
  startBaseline,
  startExecution,
  startStormtail,
  type Target,
  type TargetOptions,
} from './target.ts';

const followers = 1_000;
const perSecond = 500;
const seconds = 10;
/** What the readers need to connect before the first line. */
const delayMs = 3_000;
const lines = perSecond * seconds;

export async function manyFollowers(options: TargetOptions): Promise<Report> {
  const ours = await measured(() => startStormtail(options));
  const plain = await measured(startBaseline);
  const wanted = followers * perSecond;
  return {
    how: `${digits(followers)} readers of the event stream of one execution, raw sockets in a second process that reads as little as it can, while the action prints ${perSecond} lines/s for ${seconds} s: ${digits(wanted)} deliveries/s are due. Lag is from print to arrival, of the oldest and newest record of each read. Processor share is of one core, all threads of the server.`,
    rows: [
      {
        what: 'deliveries',
        ours: `${digits(ours.perSecond)}/s`,
        baseline: `${digits(plain.perSecond)}/s`,
        ratio: ours.perSecond / plain.perSecond,
        aim: `${digits(wanted)}/s`,
        // The end of the last stream is waited for, which takes its share of the time.
        isMet: ours.perSecond >= wanted * 0.95 && ours.found.complete === followers,
      },
      {
        what: 'processor share of the server',
        ours: `${digits(ours.cpuShare * 100)} %`,
        baseline: `${digits(plain.cpuShare * 100)} %`,
        ratio: plain.cpuPerDelivery / ours.cpuPerDelivery,
      },
      {
        what: 'lag p50',
        ours: ms(ours.found.lagUs.p50),
        baseline: ms(plain.found.lagUs.p50),
        ratio: plain.found.lagUs.p50 / ours.found.lagUs.p50,
      },
      {
        what: 'lag p99',
        ours: ms(ours.found.lagUs.p99),
        baseline: ms(plain.found.lagUs.p99),
        ratio: plain.found.lagUs.p99 / ours.found.lagUs.p99,
      },
    ],
    notes: [
      `Readers that had the last line at the end: ${ours.found.complete} of ${followers}, baseline ${plain.found.complete}. The ratio of processor shares is per delivery.`,
    ],
  };
}

interface Measured {
  readonly found: FollowersFound;
  readonly perSecond: number;
  readonly cpuShare: number;
  readonly cpuPerDelivery: number;
}

async function measured(start: () => Promise<Target>): Promise<Measured> {
  await using target = await start();
  using connection = await HttpConnection.open(target);
  const startUs = nowUs();
  const id = await startExecution(connection, timedPrinter({ lines, perSecond, delayMs }));
  const wish = { port: target.port, headers: target.headers, path: outputPath(id), count: followers, lines };
  using role = startRole('followers', [JSON.stringify(wish)]);
  await within(delayMs + 10_000, 'connecting the readers', role.message());
  const connectedMs = secondsSince(startUs) * 1000;
  if (connectedMs > delayMs)
    process.stderr.write(
      `${target.name}: connecting took ${Math.round(connectedMs)} ms, longer than the printer waited\n`,
    );
  await sleep(Math.max(0, delayMs - connectedMs));
  const cpuBefore = cpuSeconds(target.pid);
  const printUs = nowUs();
  const { found } = (await within(90_000, 'the readers', role.message())) as { found: FollowersFound }; // its second message
  const elapsed = secondsSince(printUs);
  const cpu = cpuSeconds(target.pid) - cpuBefore;
  return {
    found,
    perSecond: found.deliveries / elapsed,
    cpuShare: cpu / elapsed,
    cpuPerDelivery: cpu / found.deliveries,
  };
}
