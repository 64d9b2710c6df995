/** Stopping many at once, and those that our signals do not reach. */
import { spawn } from 'node:child_process';
import { chmod, chown, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { fileOf, isAlive, marked, optionsIn, planOf, untilTrue } from '../../../test/support/process-trial.ts';
import { leaveOut } from '../../../test/support/server-small-disk.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { systemClock } from '../../base/clock.ts';
import { ShellLauncher } from './shell-launcher.ts';

test('stopping 60 at once that take no notice of TERM kills them all, and what left their groups', async () => {
  await using home = await temporaryDirectory();
  using launcher = new ShellLauncher('/bin/bash', systemClock);
  const command = "trap '' TERM; (setsid sleep 300 & echo $!); echo up; sleep 300; sleep 300";
  const started = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const options = optionsIn(home.path);
      return { options, handle: await launcher.start(planOf(home.path, command, marked(options)), options) };
    }),
  );
  await untilTrue(() => started.every(({ options }) => fileOf(options).includes('up')));
  for (const { handle } of started) handle.stop('cancel', 1_000);
  const ends = await Promise.all(started.map(({ handle }) => handle.ended));
  for (const end of ends) expect(end).toMatchObject({ stopped: 'cancel', exitCode: 137, signal: 'SIGKILL' });
  expect(ends.some((end) => end.unkilled)).toBe(false);
  for (const { handle, options } of started) {
    expect(isAlive(handle.pid)).toBe(false);
    expect(isAlive(Number.parseInt(fileOf(options), 10))).toBe(false);
  }
});

test('the grace period is over when it is over, also where the clock of the machine is set back meanwhile', async () => {
  await using home = await temporaryDirectory();
  using launcher = new ShellLauncher('/bin/bash', systemClock);
  let aheadUs = 0;
  const clock = { ...systemClock, nowUs: () => systemClock.nowUs() + aheadUs };
  const options = { ...optionsIn(home.path), clock };
  const handle = await launcher.start(planOf(home.path, "trap '' TERM; echo up; sleep 300; sleep 300"), options);
  await untilTrue(() => fileOf(options).includes('up'));
  handle.stop('cancel', 300);
  aheadUs = -5 * 3600 * 1_000_000;
  expect(await handle.ended).toMatchObject({ stopped: 'cancel', signal: 'SIGKILL' });
});

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** What a server of user `nobody` would do: starts `command`, stops it once it said `up`, and prints its end as JSON. */
const serverOfNobody = `
import { existsSync, readFileSync } from 'node:fs';
import { systemClock } from './src/base/clock.ts';
import { ShellLauncher } from './src/runners/local/shell-launcher.ts';
const [home, command, graceMs] = process.argv.slice(2);
const launcher = new ShellLauncher('/bin/bash', systemClock);
const options = { executionId: 'x', directory: home + '/x', clock: systemClock };
const environment = { PATH: process.env.PATH, ST2_ACTION_EXECUTION_ID: 'x' };
const alive = setInterval(() => {}, 1000);
const handle = await launcher.start(
  { argv: ['/bin/bash', '-c', command], environment, cwd: home, timeoutMs: 1000, signalsNeedSudo: false }, options);
const printed = () => existsSync(home + '/x/stdout') ? readFileSync(home + '/x/stdout', 'utf8') : '';
while (!printed().includes('up')) await new Promise((go) => setTimeout(go, 20));
const asked = performance.now();
handle.stop('timeout', Number(graceMs));
const end = await handle.ended;
console.log(JSON.stringify({ ...end, tookMs: performance.now() - asked }));
launcher[Symbol.dispose]();
clearInterval(alive);
`;

test('a server that may not kill what its action runs as root ends the action all the same, and says so', async (context) => {
  if (!isRoot) return leaveOut(context, 'only root can play a server of another user');
  await using home = await temporaryDirectory();
  await chmod(home.path, 0o755);
  await mkdir(join(home.path, 'work'));
  await chown(join(home.path, 'work'), nobody, nobody);
  // Stands for a sudo that asks for no password: gives root to whoever may call it, which is nobody only.
  const toRoot = join(home.path, 'work', 'to-root');
  await copyFile('/usr/bin/setpriv', toRoot);
  await chown(toRoot, 0, nobody);
  await chmod(toRoot, 0o4750);
  const program = join(home.path, 'server.mjs');
  const contents = serverOfNobody;
  await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const command = `${toRoot} --reuid=0 --regid=0 --clear-groups sleep 60 & echo $!; sleep 0.3; echo up; wait`;
  const as = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const server = spawn('setpriv', [...as, process.execPath, program, join(home.path, 'work'), command, '300'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 18_000,
  });
  let said = '';
  let complaint = '';
  server.stdout.on('data', (data) => (said += data));
  server.stderr.on('data', (data) => (complaint += data));
  const code = await new Promise((resolve) => server.once('close', resolve));
  const left = Number.parseInt(fileOf(optionsIn(join(home.path, 'work'), 'x')), 10);
  try {
    expect(complaint).toBe('');
    expect(code).toBe(0);
    const end: unknown = JSON.parse(said);
    expect(end).toMatchObject({ stopped: 'timeout', unkilled: true });
    expect(end).toHaveProperty('tookMs', expect.any(Number));
    expect(isAlive(left)).toBe(true);
  } finally {
    process.kill(left, 'SIGKILL');
  }
}, 30_000);
