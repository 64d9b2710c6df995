/** Runs of the remote runners against a real sshd, on a home of their own, with what they wrote and what became of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { Action } from '../../src/core/model/action.ts';
import type { StopReason } from '../../src/runners/process.ts';
import { type RemoteRunnerOptions, remoteRunners } from '../../src/runners/remote/remote-runners.ts';
import { SshPool } from '../../src/runners/remote/ssh/ssh-pool.ts';
import type { Outcome } from '../../src/runners/runner.ts';
import { untilTrue } from './process-trial.ts';
import { sampleAction, sampleId } from './sample-execution.ts';
import type { Sshd } from './sshd.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TrialWish {
  readonly hosts?: string;
  readonly action?: Partial<Action>;
  readonly actionParameters?: Readonly<Record<string, unknown>>;
  readonly packPath?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly resultBytesMax?: number;
  readonly killGraceMs?: number;
}

export interface Trial {
  readonly id: string;
  readonly outcome: Promise<Outcome>;
  /** What it wrote until now, of a host or of all. */
  written(type: 'stdout' | 'stderr', host?: string): Buffer;
  /** Hosts in the order of their first output. */
  readonly hosts: readonly string[];
  stop(reason: StopReason): void;
}

export interface RemoteTrials extends AsyncDisposable {
  readonly home: string;
  readonly pool: SshPool;
  /** `remote-shell-cmd` with this command, or with the action's script `remote-shell-script`. */
  start(cmd: string, parameters?: Readonly<Record<string, unknown>>, wish?: TrialWish): Trial;
}

export async function remoteTrials(sshd: Sshd, more: Partial<RemoteRunnerOptions> = {}): Promise<RemoteTrials> {
  const directory = await temporaryDirectory();
  const home = directory.path;
  await mkdir(join(home, '.ssh'), { mode: 0o700 });
  const pool = new SshPool({ knownHostsPath: join(home, 'known_hosts'), clock: systemClock });
  const runners = remoteRunners(
    {
      systemUser: userInfo().username,
      account: { home, user: userInfo().username, environment: {} },
      keyFile: sshd.userKey.path,
      sshConfigPath: undefined,
      hostKeys: 'accept-new',
      connectTimeoutMs: 30_000,
      remoteDirectory: join(home, 'scripts'),
      parallelMax: 50,
      allowPartialFailure: false,
      warn: () => {},
      ...more,
    },
    pool,
  );
  const running: AbortController[] = [];
  const start = (cmd: string, parameters: Readonly<Record<string, unknown>> = {}, wish: TrialWish = {}): Trial => {
    const action = sampleAction({ ref: 'demo.it', ...wish.action });
    const runner = runners.get(action.entry_point === '' ? 'remote-shell-cmd' : 'remote-shell-script');
    if (runner?.kind !== 'connected') throw new Error('no such runner');
    const id = sampleId();
    const controller = new AbortController();
    running.push(controller);
    const written: { type: string; host: string; bytes: Buffer }[] = [];
    const outcome = runner.run(
      {
        executionId: id,
        action,
        runnerParameters: {
          cmd,
          hosts: wish.hosts ?? `127.0.0.1:${sshd.port}`,
          cwd: '/tmp',
          dir: '/tmp',
          timeout: 60,
          ...parameters,
        },
        actionParameters: wish.actionParameters ?? {},
        packPath: wish.packPath ?? home,
        user: 'ann',
        environment: { ST2_ACTION_EXECUTION_ID: id, ...wish.environment },
        token: '',
        apiUrl: '',
        config: {},
      },
      {
        write: (type, bytes, host = '') => written.push({ type, host, bytes: Buffer.from(bytes) }),
        signal: controller.signal,
        clock: systemClock,
        killGraceMs: wish.killGraceMs ?? 1_000,
        resultBytesMax: wish.resultBytesMax ?? 1_000_000,
      },
    );
    outcome.catch(() => {}); // whoever waits for it is told
    return {
      id,
      outcome,
      written: (type, host) =>
        Buffer.concat(
          written
            .filter((piece) => piece.type === type && (host === undefined || piece.host === host))
            .map(({ bytes }) => bytes),
        ),
      get hosts() {
        return [...new Set(written.map(({ host }) => host))];
      },
      stop: (reason) => controller.abort(reason),
    };
  };
  return {
    home,
    pool,
    start,
    async [Symbol.asyncDispose]() {
      for (const controller of running) controller.abort('cancel');
      await pool[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Processes, zombies aside, that have this in a file of theirs in /proc. */
export function processesShowing(file: 'cmdline' | 'environ', text: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/${file}`).includes(text) ? [Number(pid)] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** The pid that a command wrote as its first line. */
export async function pidOf(trial: Pick<Trial, 'written'>): Promise<number> {
  const pid = () => Number(/^(\d+)\n/.exec(trial.written('stdout').toString())?.[1] ?? 0);
  await untilTrue(() => pid() > 0);
  return pid();
}
