/**
 * From request to result: POST (durable), a process that does nothing, its end (durable), the answer. Many clients at
 * once for the rate, one alone for the latency; the same with a large heap, as forking a large process is what makes the
 * plain way slow; and the same followed by an event stream.
 */
import { startLimit } from './baseline-starts.ts';
import { nowUs, secondsSince, within } from './clock.ts';
import { HttpConnection } from './http-connection.ts';
import { requestLatencies, requestRate } from './request-rate.ts';
import { digits, ms, type Report } from './result.ts';
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
const aimPerSecond = 1_200;
const aimShareOfLimit = 0.45;
const aimAloneUs = 3_000;
const ballastBytes = 400_000_000;
const wish = { action: 'core.local', parameters: { cmd: ':' } };

export async function executionRate(options: TargetOptions): Promise<Report> {
  await using ours = await startStormtail(options);
  await using heavy = await startStormtail({ ...options, ballastBytes });
  await using plain = await startBaseline();
  // Compiled code and warm caches: what is measured is a server that runs for days.
  for (const target of [ours, heavy]) await requestRate(target, wish, clients, 2);
  await followedRate(plain, 1.5);
  const rates = { ours: [] as number[], heavy: [] as number[], followed: [] as number[], plain: [] as number[] };
  const limits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    rates.ours.push(await requestRate(ours, wish, clients, secondsPerRound));
    limits.push(await startLimit());
    rates.heavy.push(await requestRate(heavy, wish, clients, secondsPerRound));
    rates.followed.push(await followedRate(ours, secondsPerRound));
    rates.plain.push(await followedRate(plain, secondsPerRound));
  }
  const oursAlone = await requestLatencies(ours, wish, alone);
  const plainAlone = await followedLatencies(plain);
  const [rate, heavyRate, followed, plainRate] = [rates.ours, rates.heavy, rates.followed, rates.plain].map(median);
  const share = (rate ?? 0) / median(limits);
  return {
    how: `${clients} clients on kept connections; each asks for an execution of \`:\` and begins again when it has the result, by \`?wait\` or, where it says so, at the end of the output that it followed. Median of ${rounds} rounds of ${secondsPerRound} s, alternating; the clients run on the same processors. Then one client alone, ${alone} times. The baseline is always followed. The limit: two shells that start and reap \`/bin/true\` and do nothing else.`,
    rows: [
      {
        what: `request to result, ${clients} clients`,
        ours: `${digits(rate ?? 0)}/s`,
        baseline: `${digits(plainRate ?? 0)}/s`,
        ratio: (rate ?? 0) / (plainRate ?? 0),
        aim: `≥ ${digits(aimPerSecond)}/s`,
        isMet: (rate ?? 0) >= aimPerSecond,
      },
      {
        what: 'the same, as a share of the limit of process starts',
        ours: digits(share),
        baseline: `${digits(median(limits))}/s`,
        aim: `≥ ${aimShareOfLimit}`,
        isMet: share >= aimShareOfLimit,
      },
      {
        what: 'the same with a heap of 400 MB more',
        ours: `${digits(heavyRate ?? 0)}/s`,
        aim: '± 10 %',
        isMet: Math.abs((heavyRate ?? 0) / (rate ?? 0) - 1) <= 0.1,
      },
      {
        what: `request to the end of the followed output, ${clients} clients`,
        ours: `${digits(followed ?? 0)}/s`,
        baseline: `${digits(plainRate ?? 0)}/s`,
        ratio: (followed ?? 0) / (plainRate ?? 0),
      },
      {
        what: 'one client alone, p50',
        ours: ms(percentile(oursAlone, 0.5)),
        baseline: ms(percentile(plainAlone, 0.5)),
        ratio: percentile(plainAlone, 0.5) / percentile(oursAlone, 0.5),
        aim: `≤ ${ms(aimAloneUs)}`,
        isMet: percentile(oursAlone, 0.5) <= aimAloneUs,
      },
      {
        what: 'one client alone, p99',
        ours: ms(percentile(oursAlone, 0.99)),
        baseline: ms(percentile(plainAlone, 0.99)),
        ratio: percentile(plainAlone, 0.99) / percentile(oursAlone, 0.99),
      },
    ],
  };
}

async function followedRate(target: Target, seconds: number): Promise<number> {
  let done = 0;
  const startUs = nowUs();
  const client = async () => {
    using connection = await HttpConnection.open(target);
    while (secondsSince(startUs) < seconds) {
      await followOne(connection);
      done += 1;
    }
  };
  await within((seconds + 20) * 1000, 'a round of executions', Promise.all(Array.from({ length: clients }, client)));
  return done / secondsSince(startUs);
}

async function followedLatencies(target: Target): Promise<readonly number[]> {
  using connection = await HttpConnection.open(target);
  const samples: number[] = [];
  for (let at = 0; at < alone; at++) {
    const startUs = nowUs();
    await within(10_000, 'one execution', followOne(connection));
    samples.push(nowUs() - startUs);
  }
  return samples;
}

async function followOne(connection: HttpConnection): Promise<void> {
  const id = await startExecution(connection, ':');
  const { body } = await connection.request('GET', outputPath(id));
  requireSuccess(body);
}
