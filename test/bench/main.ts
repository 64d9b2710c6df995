/**
 * `npm run bench -- [--only NAME[,NAME]] [--no-page] [--profile DIR]`: measures the built product against a plain
 * baseline, on this machine, in one run, prints the figures and writes them to docs/performance.md. Names: executions,
 * python, remote, latency, lines, redaction, followers, fairness, memory. `--profile` has the server write processor profiles to DIR. Exit 1 where a
 * benchmark failed (an aim that was not reached is a figure, not a failure), 2 for a bad command.
 */
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { baselineServer } from './baseline-server.ts';
import { nowUs, secondsSince } from './clock.ts';
import { executionRate } from './execution-rate.ts';
import { floodFairness } from './flood-fairness.ts';
import { followersProcess } from './followers-process.ts';
import { copyInstallation } from './installation.ts';
import { lineRate } from './line-rate.ts';
import { manyFollowers } from './many-followers.ts';
import { memory } from './memory.ts';
import { machine, writeSection } from './performance-page.ts';
import { printLatency } from './print-latency.ts';
import { pythonRate } from './python-rate.ts';
import { redactionCost } from './redaction-cost.ts';
import { remoteRate } from './remote-rate.ts';
import { digits, type Report, table } from './result.ts';
import type { TargetOptions } from './target.ts';

interface Benchmark {
  readonly title: string;
  run(options: TargetOptions): Promise<Report>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  executions: { title: 'From request to result', run: executionRate },
  python: { title: 'Python actions', run: pythonRate },
  remote: { title: 'Remote commands', run: remoteRate },
  latency: { title: 'From print to reader', run: printLatency },
  lines: { title: 'Lines per second', run: lineRate },
  redaction: { title: 'Hiding secrets', run: redactionCost },
  followers: { title: 'A thousand readers', run: manyFollowers },
  fairness: { title: 'A line beside a flood', run: floodFairness },
  memory: { title: 'Memory under a flood', run: memory },
};

const print = (text: string) => process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      'no-page': { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const names = values.only?.split(',') ?? Object.keys(benchmarks);
  const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
  if (unknown !== undefined) {
    process.stderr.write(`no benchmark "${unknown}"; there are ${Object.keys(benchmarks).join(', ')}\n`);
    return 2;
  }
  if (!existsSync('/proc/self/stat')) {
    process.stderr.write('benchmarks read processor time and memory from /proc, which this system does not have\n');
    return 2;
  }
  using installation = copyInstallation();
  const load = digits(loadavg()[0] ?? 0);
  print(`${machine()}; load average ${load} (other work makes figures worse; compare ratios)`);
  const options = {
    installation: installation.path,
    ...(values.profile !== undefined && { profileDir: resolve(values.profile) }),
  };
  const startUs = nowUs();
  let failed = 0;
  for (const name of names) {
    const benchmark = benchmarks[name];
    if (!benchmark) continue; // names were checked
    print(`\n${benchmark.title}`);
    try {
      const report = await benchmark.run(options);
      print([table(report.rows), ...(report.notes ?? [])].join('\n'));
      if (!values['no-page']) writeSection(name, benchmark.title, report, load);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
  }
  print(`\n${names.length - failed} of ${names.length} benchmarks done in ${digits(secondsSince(startUs))} s`);
  return failed === 0 ? 0 : 1;
}

/** This program again, as a part of a benchmark (role.ts). */
async function playRole(name: string | undefined, [first = '']: readonly string[]): Promise<void> {
  if (name === 'baseline-server') await baselineServer(first);
  else if (name === 'followers') await followersProcess(JSON.parse(first));
  else throw new Error(`there is no role "${name}"`);
}

const [flag, roleName, ...rest] = process.argv.slice(2);
if (flag === '--role') await playRole(roleName, rest);
else process.exitCode = await main(process.argv.slice(2));
