/**
 * From request to end: POST (durable), a process that does nothing, end of its output stream (which comes after the
 * final status is durable). Many clients at once for the rate, one alone for the latency.
 */
import { nowUs, secondsSince, within } from './clock.ts';
import { HttpConnection } from './http-connection.ts';
import { digits, ms, type Report } from './result.ts';
import { startRole } from './role.ts';
import { median, percentile } from './statistics.ts';
import {
  outputPath,
  requireSuccess,
  startBaseline,
  startExecution,
  startStormtail,
  type Target,
  type TargetOptions,
} from './target.ts';

const clients = 24;
const rounds = 3;
const secondsPerRound = 4;
const alone = 200;
const aimPerSecond = 400;

export async function executionRate(options: TargetOptions): Promise<Report> {
  await using ours = await startStormtail(options);
  await using plain = await startBaseline();
  // Compiled code and warm caches for both: what is measured is a server that runs for days.
  for (const target of [ours, plain]) await rateOf(target, 1.5);
  const rates = { ours: [] as number[], plain: [] as number[], spawn: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    rates.ours.push(await rateOf(ours, secondsPerRound));
    rates.plain.push(await rateOf(plain, secondsPerRound));
    rates.spawn.push(await spawnRate(1.5));
  }
  const oursAlone = await latenciesAlone(ours);
  const plainAlone = await latenciesAlone(plain);
  const latencyRow = (name: string, share: number) => ({
    what: `one client alone, ${name}`,
    ours: ms(percentile(oursAlone, share)),
    baseline: ms(percentile(plainAlone, share)),
    ratio: percentile(plainAlone, share) / percentile(oursAlone, share),
  });
  return {
    how: `${clients} clients on kept connections; each asks for an execution of \`:\`, follows its output to the end, and begins again. Median of ${rounds} rounds of ${secondsPerRound} s, alternating with the baseline; the clients run on the same processors. Then one client alone, ${alone} times.`,
    rows: [
      {
        what: `request to result, ${clients} clients`,
        ours: `${digits(median(rates.ours))}/s`,
        baseline: `${digits(median(rates.plain))}/s`,
        ratio: median(rates.ours) / median(rates.plain),
        aim: `≥ ${aimPerSecond}/s`,
        isMet: median(rates.ours) >= aimPerSecond,
      },
      latencyRow('p50', 0.5),
      latencyRow('p99', 0.99),
    ],
    notes: [
      `Starting and reaping a shell and nothing else, ${clients} at once from a small process: ${digits(median(rates.spawn))}/s. An execution of ours is two such processes, a shell that outlives the server and the command.`,
    ],
  };
}

async function rateOf(target: Target, seconds: number): Promise<number> {
  let done = 0;
  const startUs = nowUs();
  const client = async () => {
    using connection = await HttpConnection.open(target);
    while (secondsSince(startUs) < seconds) {
      await runOne(connection);
      done += 1;
    }
  };
  await within((seconds + 20) * 1000, 'a round of executions', Promise.all(Array.from({ length: clients }, client)));
  return done / secondsSince(startUs);
}

async function latenciesAlone(target: Target): Promise<readonly number[]> {
  using connection = await HttpConnection.open(target);
  const samples: number[] = [];
  for (let at = 0; at < alone; at++) {
    const startUs = nowUs();
    await within(10_000, 'one execution', runOne(connection));
    samples.push(nowUs() - startUs);
  }
  return samples;
}

async function runOne(connection: HttpConnection): Promise<void> {
  const id = await startExecution(connection, ':');
  const { body } = await connection.request('GET', outputPath(id));
  requireSuccess(body);
}

async function spawnRate(seconds: number): Promise<number> {
  using role = startRole('baseline-spawn', [String(seconds), String(clients)]);
  const { perSecond } = (await within(30_000, 'plain spawning', role.message())) as { perSecond: number }; // its only message
  return perSecond;
}
