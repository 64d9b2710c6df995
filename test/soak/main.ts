/**
 * The soak: a real server, hours of executions of every runner, and everything it works with killed by chance. In the end
 * every execution that was acknowledged has one final status, every follower has had the stored output and its end, and
 * nothing is left over: no process, no temporary file, no descriptor, no memory. Not a part of the test suite: it takes
 * as long as it is given. npm run soak -- --help
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyInstallation } from '../bench/installation.ts';
import { seededChance } from '../simulation/seeded-chance.ts';
import { processesWith, signalQuietly } from '../support/server-process.ts';
import { forEachConcurrently } from '../support/server-wait.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { disturb } from './disturbances.ts';
import { follow } from './follower.ts';
import { type Entry, Ledger, type Violation } from './ledger.ts';
import { parseSoakOptions, type SoakOptions, usage } from './options.ts';
import { type ServerFigures, SoakServer } from './soak-server.ts';
import { nextOrder, remotePack, type Surroundings, soakPack } from './workload.ts';

/** Share of executions whose output is followed. */
const followedShare = 0.1;
/** Output compared with what is stored, of those that were not followed. */
const comparedShare = 0.3;
/** Pause between two disturbances, on average. */
const disturbEveryS = 4;
/** Nothing is killed in the last part: there the server has to come to rest at the size it had when it was warm. */
const calmShare = 0.35;
const warmUpExecutions = 150;
/** Longest wait for what is still open at the end. */
const drainMs = 180_000;
/** What garbage collection has not come to yet, and caches that fill. */
const growthBytesMax = 96 * 1024 * 1024;
const growthFilesMax = 4;

interface Soak {
  readonly options: SoakOptions;
  readonly server: SoakServer;
  readonly ledger: Ledger;
  readonly sshds: readonly Sshd[];
  readonly surroundings: Surroundings;
  readonly violations: Violation[];
  readonly followers: Promise<void>[];
  readonly givenUp: AbortController;
  asked: number;
  refused: number;
  unanswered: number;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const options = parseSoakOptions(args);
  process.stdout.write(`seed ${options.seed}, ${options.minutes} minutes, up to ${options.rate}/s\n`);
  using installation = copyInstallation();
  const home = await mkdtemp(join(tmpdir(), 'stormtail-soak-'));
  const server = new SoakServer(installation.path, home);
  const sshds: Sshd[] = [];
  let isWell = false;
  try {
    server.prepare(soakPack);
    await server.start();
    const remote = await openRemote(server, sshds);
    const soak: Soak = {
      options,
      server,
      ledger: new Ledger(),
      sshds,
      surroundings: { startsPath: join(home, 'starts'), remote },
      violations: [],
      followers: [],
      givenUp: new AbortController(),
      asked: 0,
      refused: 0,
      unanswered: 0,
    };
    await run(soak);
    isWell = soak.violations.length === 0;
    return isWell ? 0 : 1;
  } finally {
    await server.kill();
    for (const { pid } of processesWith(home)) signalQuietly(pid, 'SIGKILL');
    for (const sshd of sshds) await sshd[Symbol.asyncDispose]();
    if (options.keepsHome && !isWell) process.stdout.write(`kept: ${home}\n`);
    else rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Two hosts with sshd, where there are sshd and the runners for it. */
async function openRemote(server: SoakServer, sshds: Sshd[]): Promise<Surroundings['remote']> {
  const runners: readonly { name: string }[] = JSON.parse(await server.fetchSurely('/api/v1/runnertypes'));
  if (!runners.some(({ name }) => name === 'remote-shell-cmd')) {
    process.stdout.write('without remote hosts: this version has no runner for them\n');
    return undefined;
  }
  try {
    sshds.push(await startSshd(), await startSshd());
  } catch (error) {
    process.stdout.write(`without remote hosts: ${error}\n`);
    return undefined;
  }
  const [first, second] = sshds;
  if (!first || !second) return undefined;
  second.authorize(first.userKey);
  server.prepare(remotePack);
  await server.ask('POST', '/api/v1/packs/register', { packs: ['soak'] });
  const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
  return { hosts, username: userInfo().username, privateKey: first.userKey.text };
}

async function run(soak: Soak): Promise<void> {
  const { options, server, ledger } = soak;
  const startedMs = performance.now();
  const endMs = startedMs + options.minutes * 60_000;
  const calmMs = options.isCalm ? startedMs : endMs - options.minutes * 60_000 * calmShare;
  const orders = seededChance(options.seed);
  const ills = seededChance(options.seed + 1);
  let nextIllMs = startedMs + disturbEveryS * 1000;
  const disturbing: { now: Promise<unknown> | undefined } = { now: undefined };
  let warm: ServerFigures | undefined;
  let calmSince = 0;
  let nextReportMs = startedMs + 15_000;

  for (let nextMs = startedMs; performance.now() < endMs; nextMs += 1000 / options.rate) {
    const nowMs = performance.now();
    if (nowMs < nextMs) await sleep(nextMs - nowMs);
    else if (nowMs - nextMs > 1000) nextMs = nowMs; // the machine does not take as many
    if (nowMs > nextReportMs) {
      nextReportMs += 15_000;
      report(soak, startedMs);
    }
    if (nowMs >= nextIllMs && nowMs < calmMs && !disturbing.now) {
      nextIllMs = nowMs + ills.next() * 2 * disturbEveryS * 1000;
      disturbing.now = disturb(ills, soak).finally(() => {
        disturbing.now = undefined;
      });
    }
    if (nowMs >= calmMs && calmSince === 0 && !disturbing.now) {
      // A process that is as old as what follows: what it was when it was warm is compared with what it is in the end.
      await server.kill('SIGKILL');
      ledger.disturbances.push({ kind: 'server', atMs: performance.now() });
      await server.start();
      calmSince = ledger.entries.size;
    }
    if (calmSince > 0 && !warm && ledger.entries.size > calmSince + warmUpExecutions) warm = server.figures();
    while (ledger.open >= options.openMax && performance.now() < endMs) await sleep(20);
    const order = nextOrder(orders, `${options.seed}-${soak.asked}`, soak.surroundings);
    const isFollowed = orders.is(followedShare);
    soak.asked += 1;
    void place(soak, order, isFollowed);
    if (soak.asked % 50 === 0) await sleep(0);
  }
  await disturbing.now;
  await drain(soak);
  await check(soak);
  await checkRemains(soak, warm);
  report(soak, startedMs);
  summary(soak, performance.now() - startedMs);
}

/** Asks for one execution. Only what was answered with 201 counts. */
async function place(soak: Soak, order: ReturnType<typeof nextOrder>, isFollowed: boolean): Promise<void> {
  const { server, ledger } = soak;
  let answer: { status: number; text: string };
  try {
    answer = await server.ask('POST', '/api/v1/executions', { action: order.action, parameters: order.parameters });
  } catch {
    soak.unanswered += 1;
    return;
  }
  if (answer.status !== 201) {
    soak.refused += 1;
    if (answer.status !== 503)
      soak.violations.push({ id: '-', what: `refused with ${answer.status}: ${answer.text.slice(0, 300)}` });
    return;
  }
  const entry = ledger.acknowledged(JSON.parse(answer.text).id, order);
  if (isFollowed) soak.followers.push(followEntry(soak, entry));
  if (order.cancelAfterS !== undefined) {
    await sleep(order.cancelAfterS * 1000);
    entry.cancelAskedMs = performance.now();
    await server.ask('DELETE', `/api/v1/executions/${entry.id}`).catch(() => {});
  }
  await untilEnded(soak, entry);
}

async function followEntry(soak: Soak, entry: Entry): Promise<void> {
  const followed = await follow(soak.server, entry.id, soak.givenUp.signal);
  if (!followed) soak.violations.push({ id: entry.id, what: 'its follower never had the end mark' });
  else {
    entry.followed = followed;
    for (const what of followed.wrong) soak.violations.push({ id: entry.id, what: `followed: ${what}` });
  }
}

async function untilEnded({ server, givenUp }: Soak, entry: Entry): Promise<void> {
  for (let waitMs = 100; !givenUp.signal.aborted; waitMs = Math.min(waitMs * 1.5, 2_000)) {
    await sleep(waitMs);
    try {
      const { status, text } = await server.ask('GET', `/api/v1/executions/${entry.id}?include_attributes=status`);
      if (
        status === 200 &&
        ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned'].includes(JSON.parse(text).status)
      ) {
        entry.endedMs = performance.now();
        return;
      }
    } catch {
      // The server is being killed or started.
    }
  }
}

async function drain(soak: Soak): Promise<void> {
  const untilMs = performance.now() + drainMs;
  while (soak.ledger.open > 0 && performance.now() < untilMs) await sleep(200);
  const late = sleep(30_000, 'late');
  await Promise.race([Promise.all(soak.followers), late]);
  soak.givenUp.abort();
  await Promise.all(soak.followers);
}

async function check(soak: Soak): Promise<void> {
  const { ledger, server, violations } = soak;
  const compared = seededChance(soak.options.seed + 2);
  const entries = [...ledger.entries.values()].map((entry) => ({ entry, isCompared: compared.is(comparedShare) }));
  await forEachConcurrently(entries, 8, async ({ entry, isCompared }) => {
    const found = (what: string) => violations.push({ id: entry.id, what: `${entry.order.kind}: ${what}` });
    if (entry.endedMs === undefined) found('has not ended');
    const final = JSON.parse(await server.fetchSurely(`/api/v1/executions/${entry.id}`));
    for (const what of ledger.check(entry, final)) found(what);
    const isWhole = ledger.isWhole(entry, final.status) && !entry.order.isRemote;
    if (!entry.followed && !(isCompared && isWhole)) return;
    const stored = await server.fetchSurely(`/api/v1/executions/${entry.id}/output?output_type=stdout`);
    if (isWhole && stored !== entry.order.stdout)
      found(`stored ${stored.length} characters of stdout, printed ${entry.order.stdout.length}`);
    if (entry.followed && entry.followed.stdout !== stored)
      found(`its follower was sent ${entry.followed.stdout.length} characters of stdout, stored are ${stored.length}`);
  });
  const starts = new Map<string, number>();
  for (const id of readStarts(soak.surroundings.startsPath)) starts.set(id, (starts.get(id) ?? 0) + 1);
  for (const [id, count] of starts) if (count > 1) violations.push({ id, what: `was started ${count} times` });
  for (const { entry } of entries)
    if (!entry.order.isRemote && entry.status === 'succeeded' && !starts.has(entry.id))
      violations.push({ id: entry.id, what: 'succeeded and never ran' });
}

function readStarts(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // nothing was started
  }
}

/** Nothing may be left of all that. */
async function checkRemains(soak: Soak, warm: ServerFigures | undefined): Promise<void> {
  const { ledger, server, violations } = soak;
  const found = (what: string) => violations.push({ id: '-', what });
  // Connections of ours are kept alive for a moment, and memory is given back at the next collection.
  await sleep(6_000);
  for (const { pid, command } of processesWith('ST2_ACTION_EXECUTION_ID=')) {
    const id = /ST2_ACTION_EXECUTION_ID=([0-9a-f]{24})/.exec(readEnvironment(pid))?.[1] ?? '';
    if (ledger.entries.has(id)) found(`process ${pid} of ${id} is left: ${command.slice(0, 200)}`);
  }
  const left = readdirSync(join(server.home, 'tmp'));
  if (left.length > 0) found(`${left.length} temporary files are left: ${left.slice(0, 10).join(', ')}`);
  const now = server.figures();
  if (!warm) process.stdout.write('too short to compare the server with itself when it was warm\n');
  else {
    if (now.files > warm.files + growthFilesMax) found(`open files grew from ${warm.files} to ${now.files}`);
    if (now.residentBytes > warm.residentBytes + growthBytesMax)
      found(`memory grew from ${megabytes(warm.residentBytes)} to ${megabytes(now.residentBytes)}`);
  }
  process.stdout.write(`warm: ${figuresText(warm)}\nend:  ${figuresText(now)}\n`);
  for (const text of server.outcries) found(`the server said: ${text}`);
  for (const [text, count] of server.complaints)
    if (text === 'an execution failed for a reason of our own' || text === 'a request failed')
      found(`the log says ${count} times: ${text}`);
}

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // gone meanwhile
  }
}

function figuresText(figures: ServerFigures | undefined): string {
  if (!figures) return 'not measured';
  return `${figures.files} files, ${figures.sockets} sockets, ${megabytes(figures.residentBytes)}`;
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;

function report({ ledger, server, violations, asked }: Soak, startedMs: number): void {
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stdout.write(
    `${seconds} s: ${asked} asked for, ${ledger.entries.size} acknowledged, ${ledger.open} open, ${ledger.disturbances.length / 2} kills, ${server.starts} starts, ${violations.length} violations\n`,
  );
}

function summary({ ledger, server, violations, refused, unanswered, followers, asked }: Soak, tookMs: number): void {
  const rows: [string, string | number][] = [
    ['asked for', asked],
    ['acknowledged', ledger.entries.size],
    ['per second', (ledger.entries.size / (tookMs / 1000)).toFixed(1)],
    ['refused as busy', refused],
    ['not answered (server killed)', unanswered],
    ['followed', followers.length],
    ...[...ledger.byStatus].sort().map(([name, count]): [string, number] => [`  ${name}`, count]),
    ...[...server.complaints].map(([text, count]): [string, number] => [`log: ${text}`, count]),
    ['violations', violations.length],
  ];
  process.stdout.write(`\n${rows.map(([name, value]) => `${name.padEnd(70)} ${value}`).join('\n')}\n`);
  for (const { id, what } of violations.slice(0, 40)) process.stdout.write(`VIOLATION ${id} ${what}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n${usage}`);
  process.exitCode = 2;
}
