/**
 * The runners `remote-shell-cmd` and `remote-shell-script`: the same on many hosts at once, each with its own output, its
 * own end and its own entry in the result. A host that is dead, slow or strange is its own affair: it holds up nobody.
 */
import type { ConnectedRunner, Outcome, Runner, Runners, RunIo, RunRequest } from '../runner.ts';
import { type ConnectionOptions, ConnectionPlan } from './connection-plan.ts';
import { HeadAndTail } from './head-and-tail.ts';
import { type HostEntry, parseHosts } from './host-list.ts';
import { type HostEnd, hostResult } from './host-result.ts';
import { endBy, runOnHost } from './host-run.ts';
import { HostSlots } from './host-slots.ts';
import { commandWork, type HostWork, scriptWork } from './host-work.ts';
import { type HostAnswer, runOutcome } from './run-result.ts';
import type { SshPool } from './ssh/ssh-pool.ts';
import type { SshTarget } from './ssh/ssh-target.ts';

export interface RemoteRunnerOptions extends ConnectionOptions {
  /** Where scripts go. */
  readonly remoteDirectory: string;
  /** Hosts of one execution that are worked on at the same time. */
  readonly parallelMax: number;
  /** One good host is enough. */
  readonly allowPartialFailure: boolean;
  /** Told what the SSH configuration asks for and does not get; each text once. */
  readonly warn: (text: string) => void;
}

/** A host that has not let us in by then is only being waited for: another may have its turn. */
const lendAfterMs = 2_000;
/**
 * Of all hosts together, in the result, this many times what one may have; but 16 KiB each. A result is one record in the
 * database: a thousand hosts with 4 MiB each would be no result any more.
 */
const hostShares = 4;
const hostBytesMin = 16 * 1024;

/** `pool` is theirs to use and somebody else's to close. */
export function remoteRunners(given: RemoteRunnerOptions, pool: SshPool): Runners {
  const warned = new Set<string>();
  const options: RemoteRunnerOptions = {
    ...given,
    warn: (text) => {
      if (warned.has(text)) return;
      warned.add(text);
      given.warn(text);
    },
  };
  const command: ConnectedRunner = {
    kind: 'connected',
    run: (request, io) => {
      return new RemoteRun(options, pool, request, io).run(() => commandWork(request));
    },
  };
  const script: ConnectedRunner = {
    kind: 'connected',
    run: (request, io) => {
      // Two of the hosts may be the same machine, or share a file system.
      const name = (at: number, hosts: number) =>
        hosts === 1 ? request.executionId : `${request.executionId}-${at + 1}`;
      return new RemoteRun(options, pool, request, io).run((at, hosts) =>
        scriptWork(request, options.remoteDirectory, name(at, hosts)),
      );
    },
  };
  return new Map<string, Runner>([
    ['remote-shell-cmd', command],
    ['remote-shell-script', script],
  ]);
}

class RemoteRun {
  readonly #options: RemoteRunnerOptions;
  readonly #pool: SshPool;
  readonly #request: RunRequest;
  readonly #io: RunIo;
  readonly #slots: HostSlots;

  constructor(options: RemoteRunnerOptions, pool: SshPool, request: RunRequest, io: RunIo) {
    this.#options = options;
    this.#pool = pool;
    this.#request = request;
    this.#io = io;
    this.#slots = new HostSlots(options.parallelMax);
  }

  async run(workAt: (at: number, hosts: number) => HostWork): Promise<Outcome> {
    const { runnerParameters } = this.#request;
    const hosts = parseHosts(runnerParameters.hosts);
    const plan = await ConnectionPlan.of(runnerParameters, this.#options);
    const works = hosts.map((_, at) => workAt(at, hosts.length));
    const share = Math.max(hostBytesMin, Math.floor((hostShares * this.#io.resultBytesMax) / hosts.length));
    const bytesMax = Math.min(this.#io.resultBytesMax, share);
    const answering = hosts.map((entry, at) => this.#answer(entry, plan, works[at], bytesMax));
    // All of them to their end, also where one shows a mistake of ours.
    const answers: HostAnswer[] = [];
    for (const settled of await Promise.allSettled(answering)) {
      if (settled.status === 'rejected') throw settled.reason;
      answers.push(settled.value);
    }
    return runOutcome(answers, this.#options.allowPartialFailure);
  }

  async #answer(
    entry: HostEntry,
    plan: ConnectionPlan,
    work: HostWork | undefined,
    bytesMax: number,
  ): Promise<HostAnswer> {
    if (!work) throw new Error(`no work for host ${entry.key}`);
    const output = { stdout: new HeadAndTail(bytesMax), stderr: new HeadAndTail(bytesMax) };
    const { end, target, isConnected } = await this.#end(entry, plan, work, output);
    const facts = {
      host: entry.key,
      user: target?.user ?? this.#options.systemUser,
      timeoutMs: work.program.timeoutMs,
      isRaw: this.#request.action.raw_stdout === true,
    };
    return { key: entry.key, isConnected, result: hostResult(end, output, facts) };
  }

  async #end(
    entry: HostEntry,
    plan: ConnectionPlan,
    work: HostWork,
    output: { stdout: HeadAndTail; stderr: HeadAndTail },
  ): Promise<{ end: HostEnd; target?: SshTarget; isConnected: boolean }> {
    const { signal, clock } = this.#io;
    using slot = await this.#slots.take();
    const cancelLend = clock.after(lendAfterMs, () => slot.lend());
    let target: SshTarget | undefined;
    try {
      signal.throwIfAborted();
      const resolved = await plan.targetOf(entry);
      target = resolved.target;
      for (const warning of resolved.warnings) this.#options.warn(warning);
      using lease = await this.#pool.acquire(target, signal);
      cancelLend();
      await slot.takeBack();
      const end = await runOnHost({ lease, work, host: entry.key, output, io: this.#io });
      return { end, target, isConnected: true };
    } catch (error) {
      return { end: endBy(error, 'connecting', signal), ...(target && { target }), isConnected: false };
    } finally {
      cancelLend();
    }
  }
}
