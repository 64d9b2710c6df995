/**
 * The connections to one target. An sshd runs a few sessions per connection (MaxSessions, 10 unless it is told otherwise), so
 * commands are spread over as many connections as they need; beyond the bound they wait their turn.
 */
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import type { ExecOptions, OpenedChannel, SshChannel } from './ssh-channel.ts';
import type { SshConnection } from './ssh-connection.ts';
import { SshError } from './ssh-error.ts';

/** A little below sshd's default of ten: a session that ended may count for a moment longer there than here. */
const sessionsPerConnection = 8;
/** Times sessions: 200 commands at a time on one host. The next ones wait. */
const connectionsMax = 25;
/** Logins at the same time. sshd begins to turn them away at ten (MaxStartups), and others log in as well. */
const openingMax = 3;
/** A command waits this long for a connection that is there before another is opened: a login costs more than many commands. */
const patienceMs = 50;
/** After a further connection was refused, while others work. */
const discouragedMs = 5_000;
/** How often a command that was certainly not started is tried again when its connection breaks. */
const lossesMax = 3;

interface Connection {
  readonly link: SshConnection;
  /** Running, being opened, and those that were let go and have not ended. */
  sessions: number;
  /** Of the sessions, those that nobody waits for any more. */
  letGo: number;
  forwards: number;
  /** Lowered by refusals. */
  sessionsMax: number;
  /** A session was opened on it. */
  isProven: boolean;
  idleSinceUs: number;
}

/** What a waiter needs of a connection: room for a session, a forward (which nothing bounds), or just that there is one. */
type Wish = 'session' | 'forward' | 'presence';

interface Waiter {
  readonly wish: Wish;
  /** The connection has been reserved. */
  readonly take: (connection: Connection) => void;
  readonly fail: (error: unknown) => void;
}

export interface TargetConnectionsOptions {
  readonly connect: (signal: AbortSignal) => Promise<SshConnection>;
  readonly clock: Clock;
  /** Called when nothing is left: no connection, no user. */
  readonly onEmpty: () => void;
}

export class TargetConnections {
  readonly #options: TargetConnectionsOptions;
  readonly #connections = new Set<Connection>();
  /** Oldest first. */
  readonly #waiters = new Set<Waiter>();
  readonly #opening = new Set<Promise<void>>();
  /** Ends the logins under way. */
  #logins = new AbortController();
  #users = 0;
  #isPatient = false;
  #discouragedUntilUs = 0;

  constructor(options: TargetConnectionsOptions) {
    this.#options = options;
  }

  /** For whoever holds a lease: what is idle is kept for them. */
  use(): void {
    this.#users += 1;
  }

  unuse(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    // A login that nobody waits for.
    this.#logins.abort(new SshError('aborted', 'nobody waits for this connection any more'));
    this.#logins = new AbortController();
    this.#tellEmpty();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Resolves when there is a connection. */
  async ensure(signal: AbortSignal): Promise<void> {
    await this.#reserve('presence', signal);
  }

  async exec(command: string, options: ExecOptions, signal: AbortSignal): Promise<SshChannel> {
    for (let losses = 0; ; ) {
      const connection = await this.#reserve('session', signal);
      const release = (): void => this.#release(connection, 'session');
      try {
        const answer = await connection.link.exec(command, options);
        if (answer.kind === 'open') {
          connection.isProven = true;
          this.#releaseAtEnd(connection, answer);
          return answer.channel;
        }
        if (answer.kind === 'full') this.#learnFrom(connection, answer.reason);
        else {
          losses += 1;
          if (losses >= lossesMax) throw answer.error;
        }
        release();
      } catch (error) {
        release();
        throw error;
      }
    }
  }

  async forward(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const connection = await this.#reserve('forward', signal);
    const release = (): void => this.#release(connection, 'forward');
    try {
      const stream = await connection.link.forward(host, port);
      stream.once('close', release);
      return stream;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Closes what was not used since then; the last one only when nobody holds a lease. */
  closeIdle(sinceUs: number, abandon: AbortSignal): void {
    for (const connection of [...this.#connections]) {
      if (connection.sessions - connection.letGo + connection.forwards > 0 || connection.idleSinceUs > sinceUs)
        continue;
      if (this.#users === 0 || this.#connections.size > 1) this.#retire(connection, 'it was idle', abandon);
    }
    this.#tellEmpty();
  }

  /** Ends everything, also what is under way, and waits for it. */
  async close(reason: string, abandon: AbortSignal): Promise<void> {
    const error = new SshError('aborted', reason);
    this.#logins.abort(error);
    for (const waiter of this.#waiters) waiter.fail(error);
    await Promise.all([...this.#opening, ...[...this.#connections].map(({ link }) => link.end(reason, abandon))]);
  }

  /** A refused session says how many there may be: those that are there. Throws where even the first one is refused. */
  #learnFrom(connection: Connection, reason: string): void {
    if (connection.sessions > 1) {
      // Each refusal of a volley takes one off; at the last one the number is right.
      connection.sessionsMax = Math.min(connection.sessionsMax, connection.sessions - 1);
      return;
    }
    if (!connection.isProven) {
      const text = `${connection.link.name} refuses sessions: ${reason}`;
      throw new SshError('channel-refused', text);
    }
    // Its sessions are taken by commands that we let go of and that still run there.
    this.#retire(connection, 'its sessions were taken', AbortSignal.abort());
  }

  async #reserve(wish: Wish, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    const free = this.#waiters.size === 0 ? this.#take(wish) : undefined;
    if (free) return free;
    // One caller may wait for hundreds of commands with one signal, and Node would take that for a leak.
    setMaxListeners(0, signal);
    return await new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => waiter.fail(signal.reason);
      const waiter: Waiter = {
        wish,
        take: (connection) => {
          leave();
          resolve(connection);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      const connection = this.#take(waiter.wish);
      if (connection) waiter.take(connection);
    }
    if (this.#waiters.size > 0) this.#openMore();
  }

  /** Reserves on the least busy connection: each has a process of its own on the host. */
  #take(wish: Wish): Connection | undefined {
    let best: Connection | undefined;
    for (const connection of this.#connections) {
      if (!connection.link.isOpen) continue;
      if (wish === 'session' && connection.sessions >= connection.sessionsMax) continue;
      if (!best || connection.sessions < best.sessions) best = connection;
    }
    if (best && wish === 'session') best.sessions += 1;
    if (best && wish === 'forward') best.forwards += 1;
    return best;
  }

  #openMore(): void {
    if (this.#connections.size === 0) {
      if (this.#opening.size === 0) this.#open();
      return;
    }
    if (this.#isPatient || this.#connections.size + this.#opening.size >= connectionsMax) return;
    const { clock } = this.#options;
    this.#isPatient = true;
    const delayMs = Math.max(patienceMs, (this.#discouragedUntilUs - clock.monotonicUs()) / 1000);
    clock.after(delayMs, () => {
      this.#isPatient = false;
      const isEnough = this.#opening.size * sessionsPerConnection >= this.#waiters.size;
      if (!isEnough && this.#opening.size < openingMax) this.#open();
      if (this.#waiters.size > 0) this.#openMore();
    });
  }

  #open(): void {
    const { connect, clock } = this.#options;
    const opening = connect(this.#logins.signal).then(
      (link) => {
        this.#opening.delete(opening);
        this.#add(link);
      },
      (error: unknown) => {
        this.#opening.delete(opening);
        if (this.#connections.size + this.#opening.size > 0) {
          this.#discouragedUntilUs = clock.monotonicUs() + discouragedMs * 1000;
          return;
        }
        for (const waiter of this.#waiters) waiter.fail(error);
        this.#tellEmpty();
      },
    );
    this.#opening.add(opening);
  }

  #add(link: SshConnection): void {
    const known = [...this.#connections].map((other) => other.sessionsMax);
    const connection: Connection = {
      link,
      sessions: 0,
      letGo: 0,
      forwards: 0,
      sessionsMax: Math.min(sessionsPerConnection, ...known),
      isProven: false,
      idleSinceUs: this.#options.clock.monotonicUs(),
    };
    this.#connections.add(connection);
    void link.closed.then(() => {
      this.#connections.delete(connection);
      this.#serve();
      this.#tellEmpty();
    });
    this.#serve();
  }

  #release(connection: Connection, wish: 'session' | 'forward'): void {
    if (wish === 'session') connection.sessions -= 1;
    else connection.forwards -= 1;
    connection.idleSinceUs = this.#options.clock.monotonicUs();
    if (this.#waiters.size > 0) this.#serve();
  }

  #releaseAtEnd(connection: Connection, { channel, released }: OpenedChannel): void {
    let isReleased = false;
    let isLetGo = false;
    void released.then(() => {
      isReleased = true;
      if (isLetGo) connection.letGo -= 1;
      this.#release(connection, 'session');
    });
    const note = (): void => {
      if (isReleased) return;
      isLetGo = true;
      connection.letGo += 1;
      connection.idleSinceUs = this.#options.clock.monotonicUs();
    };
    channel.closed.then(note, note);
  }

  #retire(connection: Connection, reason: string, abandon: AbortSignal): void {
    this.#connections.delete(connection);
    void connection.link.end(reason, abandon);
  }

  #tellEmpty(): void {
    if (this.#users + this.#connections.size + this.#opening.size + this.#waiters.size === 0) this.#options.onEmpty();
  }
}
