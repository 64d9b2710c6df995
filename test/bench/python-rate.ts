/** Python actions, each in a process of its own, against starting the interpreter for each. */
import { spawn } from 'node:child_process';
import { nowUs, secondsSince } from './clock.ts';
import { requestLatencies, requestRate } from './request-rate.ts';
import { digits, ms, type Report } from './result.ts';
import { median, percentile } from './statistics.ts';
import { startStormtail, type TargetOptions } from './target.ts';

const clients = 24;
const rounds = 3;
const secondsPerRound = 4;
const alone = 100;
const aimPerSecond = 400;
const coldAtOnce = 4;
const wish = { action: 'core.uuid', parameters: { uuid_type: 'uuid4' } };
/** What the action imports, and nothing else of the SDK. */
const coldProgram = 'import json, uuid; print(json.dumps(str(uuid.uuid4())))';

export async function pythonRate(options: TargetOptions): Promise<Report> {
  await using ours = await startStormtail(options);
  await requestRate(ours, wish, clients, 2);
  const rates: number[] = [];
  const cold: number[] = [];
  for (let round = 0; round < rounds; round++) {
    rates.push(await requestRate(ours, wish, clients, secondsPerRound));
    cold.push(await coldRate(2));
  }
  const taken = await requestLatencies(ours, wish, alone);
  return {
    how: `${clients} clients on kept connections; each asks for \`${wish.action}\` and begins again when it has the result. Median of ${rounds} rounds of ${secondsPerRound} s. Then one client alone, ${alone} times. The baseline starts \`python3\` for the same work, ${coldAtOnce} at once, and keeps nothing.`,
    rows: [
      {
        what: `request to result, ${clients} clients`,
        ours: `${digits(median(rates))}/s`,
        baseline: `${digits(median(cold))}/s`,
        ratio: median(rates) / median(cold),
        aim: `≥ ${aimPerSecond}/s`,
        isMet: median(rates) >= aimPerSecond,
      },
      { what: 'one client alone, p50', ours: ms(percentile(taken, 0.5)) },
      { what: 'one client alone, p99', ours: ms(percentile(taken, 0.99)) },
    ],
  };
}

async function coldRate(seconds: number): Promise<number> {
  let done = 0;
  const startUs = nowUs();
  const worker = async () => {
    while (secondsSince(startUs) < seconds) {
      await new Promise<void>((resolve, reject) => {
        const child = spawn('python3', ['-c', coldProgram], { stdio: 'ignore' });
        child.once('error', reject);
        child.once('exit', () => resolve());
      });
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: coldAtOnce }, worker));
  return done / secondsSince(startUs);
}
