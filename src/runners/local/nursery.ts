/**
 * A nursery of warm slots (`slot-script.ts`): a small bash that forks slots for the server, so that it does not matter how
 * large the server has become. It is given a socket per slot when it is started. A slot is forked when there is first
 * something for it to do; its order waits in the socket until then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { send } from './process-group.ts';
import { endOrder, nurseryProgram } from './slot-script.ts';

/** Slots beyond these are ended when they had nothing to do for a while. */
const idleSlotsKept = 4;

export interface Slot {
  readonly nursery: Nursery;
  readonly number: number;
  readonly socket: Socket;
  /** Of the last process that it was; undefined while there was none, or its number was not heard yet. */
  pid: number | undefined;
  /** `absent`: not forked yet, or gone. `ending`: told to end. `retired`: not to be used again. */
  state: 'absent' | 'forked' | 'ending' | 'retired';
  idleSinceUs: number;
}

export interface NurseryOptions {
  readonly bash: string;
  readonly slotsMax: number;
  /** What slots say. */
  readonly onLine: (line: string) => void;
  /** It is gone, with what was not forked yet. `isRefused`: this bash cannot do it, another try is no use. */
  readonly onLost: (isRefused: boolean) => void;
}

export class Nursery {
  readonly #child: ChildProcess;
  readonly #slots: readonly Slot[];
  /** Those without anything to do; what was used last is last, so that others can be ended. */
  #idle: Slot[];
  #retired = 0;
  #isReady = false;
  #isGone = false;

  constructor({ bash, slotsMax, onLine, onLost }: NurseryOptions) {
    const child = spawn(bash, ['--noprofile', '--norc', '-c', nurseryProgram, 'stormtail-slots', String(slotsMax)], {
      // A session of its own, without a terminal: what is typed there does not reach it.
      detached: true,
      cwd: '/',
      // Nothing of the server's environment: each order exports its own.
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore', ...Array<'pipe'>(slotsMax).fill('pipe')],
    });
    this.#child = child;
    // Without room for another file, Node leaves them undefined, against its types.
    const ends = (child.stdio as readonly (Socket | null)[] | undefined) ?? []; // sockets: what 'pipe' makes
    this.#slots = ends.slice(3).flatMap((socket, number) => {
      if (!socket) return [];
      socket.unref();
      return [{ nursery: this, number, socket, pid: undefined, state: 'absent' as const, idleSinceUs: 0 }];
    });
    for (const end of ends) end?.on('error', () => {}); // its exit says the same
    this.#idle = this.#slots.toReversed();
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') this.#isReady = true;
        else if (line.startsWith('slot ')) this.#forked(line);
        else onLine(line);
      });
    const lost = (code: number | null) => {
      if (this.#isGone) return;
      this.close();
      onLost(code === 1 && !this.#isReady);
    };
    child.once('error', () => lost(null));
    child.once('exit', lost);
    child.unref();
  }

  /** Too many slots were retired to go on with it. */
  get isWornOut(): boolean {
    return this.#retired * 2 > this.#slots.length;
  }

  /** A slot with nothing to do, forked or about to be; undefined where all are at work. */
  take(): Slot | undefined {
    for (let at = this.#idle.length - 1; at >= 0 && !this.#isGone; at--) {
      const slot = this.#idle[at];
      if (!slot) continue;
      // Two of them must not read from the same socket.
      if (slot.state === 'ending' && this.isThere(slot)) continue;
      this.#idle.splice(at, 1);
      // One that was killed while it was idle had read all that was in its socket: another can go on there.
      if (slot.state !== 'forked' || !this.isThere(slot)) this.#fork(slot);
      return slot;
    }
    return undefined;
  }

  giveBack(slot: Slot, nowUs: number): void {
    if (slot.state === 'retired') return;
    slot.idleSinceUs = nowUs;
    this.#idle.push(slot);
  }

  /** What was written to it may have been read in part, or not at all. It ends when it has done what it does. */
  retire(slot: Slot): void {
    if (slot.state === 'retired') return;
    slot.state = 'retired';
    slot.socket.destroy();
    this.#retired++;
  }

  /** Ends what was idle since before `beforeUs`, but for a few. Answers whether there are more that may be ended later. */
  endIdle(beforeUs: number): boolean {
    const forked = this.#idle.filter(({ state, pid }) => state === 'forked' && pid !== undefined);
    const ended = forked
      .slice(0, Math.max(0, forked.length - idleSlotsKept))
      .filter((slot) => slot.idleSinceUs < beforeUs);
    for (const slot of ended) {
      slot.state = 'ending';
      slot.socket.write(endOrder);
    }
    // To where they are asked last.
    const isEnded = new Set(ended);
    this.#idle = [...ended, ...this.#idle.filter((slot) => !isEnded.has(slot))];
    return forked.length - ended.length > idleSlotsKept;
  }

  /** Whether its process lives, or may come to. */
  isThere({ pid }: Slot): boolean {
    return pid === undefined ? !this.#isGone : send(pid, 0) !== 'gone';
  }

  /** Idle slots end at once, others with what they run; what they say until then is heard while somebody listens. */
  close(): void {
    this.#isGone = true;
    this.#child.stdin?.end();
    for (const { socket } of this.#slots) socket.end();
  }

  deafen(): void {
    this.#child.stdout?.destroy();
  }

  #fork(slot: Slot): void {
    slot.pid = undefined;
    slot.state = 'forked';
    this.#child.stdin?.write(`${slot.number}\n`);
  }

  #forked(line: string): void {
    const [, number, pid] = line.split(' ').map(Number);
    const slot = this.#slots[number ?? -1];
    if (slot && pid) slot.pid = pid;
  }
}
