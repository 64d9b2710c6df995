/**
 * Connections to hosts, shared by whoever wants the same: the same host, way, user and credentials. A login costs a host and
 * us 100 times what a command does, so connections are kept while they are used, and a little longer.
 */
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import { dial, type Progress } from './dial.ts';
import { KnownHosts } from './known-hosts.ts';
import type { ExecOptions, SshChannel } from './ssh-channel.ts';
import type { SshConnection } from './ssh-connection.ts';
import { SshError } from './ssh-error.ts';
import { hopName, lastBastion, type SshTarget, targetIdentity, targetName } from './ssh-target.ts';
import { TargetConnections } from './target-connections.ts';

export interface SshPoolOptions {
  /** The product's own known_hosts file; made with the first host that is accepted. */
  readonly knownHostsPath: string;
  readonly clock: Clock;
  /** How long a connection without work is kept; the default is a minute. */
  readonly idleMs?: number;
  /** How often a silent connection is asked whether it is still there; the default is 15 s, after four of which it is given up. */
  readonly keepaliveMs?: number;
}

/** The right to work on a target; connections come and go under it. Dispose it when done. */
export interface SshLease extends Disposable {
  /** `stanley@web1:22`. */
  readonly name: string;
  /**
   * Starts a command, waiting for a session where all are taken. Throws SshError `lost` where the connection broke while
   * the command was being started (it may have been), `channel-refused`, or what `acquire` throws.
   */
  exec(command: string, options?: ExecOptions, signal?: AbortSignal): Promise<SshChannel>;
  /** A stream to a place as the host sees it. */
  forward(host: string, port: number, signal?: AbortSignal): Promise<Duplex>;
}

/** A goodbye needs no answer for longer than this. */
const goodbyeMs = 1_000;
const never = new AbortController().signal;

export class SshPool implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #hosts: KnownHosts;
  readonly #idleMs: number;
  readonly #keepaliveMs: number;
  readonly #targets = new Map<string, TargetConnections>();
  #cancelSweep: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SshPoolOptions) {
    this.#clock = options.clock;
    this.#hosts = new KnownHosts(options.knownHostsPath);
    this.#idleMs = options.idleMs ?? 60_000;
    this.#keepaliveMs = options.keepaliveMs ?? 15_000;
  }

  /** Connections that are open; bastions count. */
  get connections(): number {
    let count = 0;
    for (const target of this.#targets.values()) count += target.connections;
    return count;
  }

  /** Resolves when there is a connection. Throws an SshError, or the reason of `signal`. */
  async acquire(target: SshTarget, signal: AbortSignal): Promise<SshLease> {
    const connections = this.#connectionsOf(target);
    connections.use();
    try {
      await connections.ensure(signal);
    } catch (error) {
      connections.unuse();
      throw error;
    }
    let isHeld = true;
    return {
      name: hopName(target),
      exec: (command, options = {}, execSignal = never) => connections.exec(command, options, execSignal),
      forward: (host, port, forwardSignal = never) => connections.forward(host, port, forwardSignal),
      [Symbol.dispose]: () => {
        if (isHeld) connections.unuse();
        isHeld = false;
      },
    };
  }

  /** Closes everything; commands that run are let go, and told so. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelSweep?.();
    const { signal, cancel } = this.#after(goodbyeMs);
    await Promise.all([...this.#targets.values()].map((target) => target.close('the server is stopping', signal)));
    cancel();
  }

  #connectionsOf(target: SshTarget): TargetConnections {
    if (this.#closing) throw new SshError('aborted', 'the server is stopping');
    const identity = targetIdentity(target);
    const known = this.#targets.get(identity);
    if (known) return known;
    const connections = new TargetConnections({
      clock: this.#clock,
      connect: (signal) => this.#connect(target, signal),
      onEmpty: () => {
        if (this.#targets.get(identity) === connections) this.#targets.delete(identity);
      },
    });
    this.#targets.set(identity, connections);
    this.#sweepLater();
    return connections;
  }

  /** One connection, within the connect timeout. Bastions come from this pool: a hundred hosts behind one share it. */
  async #connect(target: SshTarget, given: AbortSignal): Promise<SshConnection> {
    const progress: Progress = { stage: 'it did not answer' };
    const deadline = new AbortController();
    const cancel = this.#clock.after(target.connectTimeoutMs, () => {
      const limit = `${target.connectTimeoutMs / 1000} s`;
      deadline.abort(new SshError('timeout', `no connection to ${targetName(target)} in ${limit}: ${progress.stage}`));
    });
    const signal = AbortSignal.any([given, deadline.signal]);
    const bastion = lastBastion(target);
    let lease: SshLease | undefined;
    try {
      if (bastion) {
        progress.stage = `the bastion ${hopName(bastion)} was not connected`;
        lease = await this.acquire(bastion, signal);
        progress.stage = `the bastion ${hopName(bastion)} did not get through to it`;
      }
      const through = await lease?.forward(target.host, target.port, signal);
      const keepaliveMs = this.#keepaliveMs;
      const connection = await dial(target, { hosts: this.#hosts, signal, progress, keepaliveMs, through });
      const held = lease;
      if (held) void connection.closed.then(() => held[Symbol.dispose]());
      return connection;
    } catch (error) {
      lease?.[Symbol.dispose]();
      throw error;
    } finally {
      cancel();
    }
  }

  #sweepLater(): void {
    if (this.#cancelSweep || this.#targets.size === 0) return;
    // Four looks per time: an idle connection is closed at most a quarter later than it could be.
    this.#cancelSweep = this.#clock.after(this.#idleMs / 4, () => {
      this.#cancelSweep = undefined;
      const { signal } = this.#after(goodbyeMs);
      for (const target of [...this.#targets.values()]) {
        target.closeIdle(this.#clock.monotonicUs() - this.#idleMs * 1000, signal);
      }
      this.#sweepLater();
    });
  }

  #after(delayMs: number): { signal: AbortSignal; cancel: () => void } {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal); // every connection listens
    return { signal: controller.signal, cancel: this.#clock.after(delayMs, () => controller.abort()) };
  }
}
