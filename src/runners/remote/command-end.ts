/**
 * The end of a command on another host, seen from here. It comes by itself; or is asked for, and then comes within bounded
 * time, whether the host answers or not; or it is there and something that was left in the background holds the output open.
 */
import type { Clock } from '../../base/clock.ts';
import type { SshChannel, SshEnd } from './ssh/ssh-channel.ts';

/** For what comes after KILL: the way there and back, of a host under load. */
const answerMs = 5_000;
/** After the end of the command, silence of this length is the end of its output. */
const silenceMs = 3_000;
/** After the end of the command, what still comes is waited for at most so long: 2 MB may be on a slow way. */
const drainMsMax = 60_000;

export class CommandEnd implements Disposable {
  readonly #channel: SshChannel;
  readonly #clock: Clock;
  #isExited = false;
  #isStopping = false;
  #wasStoppedFirst = false;
  #heard = 0;
  #cancels: (() => void)[] = [];
  /** Resolves when nothing more comes, with what is known. Rejects with SshError `lost`. */
  readonly over: Promise<SshEnd>;

  constructor(channel: SshChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
    this.over = channel.closed;
    void channel.exited.then(() => {
      this.#isExited = true;
      this.#after(drainMsMax, () => this.#channel.close());
      this.#untilSilence();
    });
  }

  /** It was told to stop before it ended. */
  get wasStopped(): boolean {
    return this.#wasStoppedFirst;
  }

  /** Some output has come. */
  hear(): void {
    this.#heard += 1;
  }

  /** The end of its input tells the program on the host to stop the command. */
  stop(killGraceMs: number): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#wasStoppedFirst = !this.#isExited;
    this.#channel.end();
    this.#after(killGraceMs + answerMs, () => this.#channel.close());
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #untilSilence(): void {
    const before = this.#heard;
    this.#after(silenceMs, () => (this.#heard === before ? this.#channel.close() : this.#untilSilence()));
  }

  #after(delayMs: number, fn: () => void): void {
    this.#cancels.push(this.#clock.after(delayMs, fn));
  }
}
