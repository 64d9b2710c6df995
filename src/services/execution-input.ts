/**
 * Input for one running execution, in the order in which it was asked for: each request goes to the program in pieces that a
 * pipe takes whole. A program that does not read is waited for, but not for long: then the request is refused, and says
 * how much of it was taken.
 */
import type { Clock } from '../base/clock.ts';
import type { InputReply } from '../bus/bus.ts';
import { type InputAnswer, inputPieceBytesMax, type ProcessHandle } from '../runners/process.ts';

export interface InputRequest {
  readonly request_id: string;
  readonly data: string;
  readonly is_end: boolean;
}

/** Long enough for a program that is busy for a moment, and for one that is just starting. */
const patienceMs = 5_000;
const pollMs = { first: 10, longest: 200 } as const;
/** Waiting behind one that waits; more come from a client that does not wait for its answers. */
const waitingMax = 16;
/** A bus may deliver twice. */
const rememberedMax = 64;

export class ExecutionInput {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #handle: () => ProcessHandle | undefined;
  readonly #answered = new Map<string, Promise<InputReply>>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `handle`: the process, once there is one. */
  constructor(id: string, clock: Clock, handle: () => ProcessHandle | undefined) {
    this.#id = id;
    this.#clock = clock;
    this.#handle = handle;
  }

  send(request: InputRequest): Promise<InputReply> {
    const known = this.#answered.get(request.request_id);
    if (known) return known;
    if (this.#waiting >= waitingMax)
      return Promise.resolve(
        refused('busy', `${waitingMax} inputs wait for execution ${this.#id} to read them already`),
      );
    this.#waiting += 1;
    const reply = this.#last
      .then(() => this.#send(request))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = reply.catch(() => {});
    this.#answered.set(request.request_id, reply);
    const [oldest] = this.#answered.keys();
    if (oldest !== undefined && this.#answered.size > rememberedMax) this.#answered.delete(oldest);
    return reply;
  }

  async #send({ data, is_end: isEnd }: InputRequest): Promise<InputReply> {
    const bytes = Buffer.from(data, 'utf8');
    const untilUs = this.#clock.monotonicUs() + patienceMs * 1000;
    let taken = 0;
    while (taken < bytes.length) {
      const piece = bytes.subarray(taken, taken + inputPieceBytesMax);
      const answer = await this.#patiently(untilUs, (handle) => handle.sendInput(piece));
      if (answer !== 'taken') return this.#refusal(answer, taken, bytes.length);
      taken += piece.length;
    }
    if (!isEnd) return { kind: 'taken' };
    const answer = await this.#patiently(untilUs, (handle) => handle.endInput());
    return answer === 'taken' ? { kind: 'taken' } : this.#refusal(answer, taken, bytes.length);
  }

  /** Asks until there is another answer than `full`, or the time is up. */
  async #patiently(untilUs: number, ask: (handle: ProcessHandle) => InputAnswer): Promise<InputAnswer | 'not started'> {
    for (let waitMs: number = pollMs.first; ; waitMs = Math.min(waitMs * 2, pollMs.longest)) {
      const handle = this.#handle();
      const answer = handle ? ask(handle) : 'not started';
      if ((answer !== 'full' && answer !== 'not started') || this.#clock.monotonicUs() >= untilUs) return answer;
      await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
    }
  }

  #refusal(answer: Exclude<InputAnswer, 'taken'> | 'not started', taken: number, bytes: number): InputReply {
    const some = taken === 0 ? '' : `; ${taken} of ${bytes} bytes were taken`;
    switch (answer) {
      case 'full':
        return refused('busy', `the program of execution ${this.#id} does not read its input${some}`);
      case 'not started':
        return refused('busy', `execution ${this.#id} is still starting; try again`);
      case 'ended':
        return refused('no_input', `the input of execution ${this.#id} has ended${some}`);
      case 'closed':
        return refused('no_input', `the program of execution ${this.#id} was started without an input that stays open`);
    }
  }
}

function refused(code: 'busy' | 'no_input', message: string): InputReply {
  return { kind: 'refused', code, message };
}
