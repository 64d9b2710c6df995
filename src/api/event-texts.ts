/**
 * Events as JSON, rendered once for the clients that are at them together. Only the newest texts are kept: they are
 * several times as large as what they are made of, and who comes later has them rendered again.
 */
import { oneLineJson } from '../base/json.ts';
import type { Execution, ExecutionResult } from '../core/model/execution.ts';
import { type ExecutionView, publishedExecution, publishedLiveAction } from '../wire/execution.ts';
import type { ExecutionEvent, OutputEvent } from './journal-event.ts';

/** `no result`: without it, for clients that show lists. */
export type FrameVariant = 'full' | 'no result';

/** Kept texts, and their characters; the two newest are kept whatever their length. */
const textsMax = 64;
const charactersMax = 1024 * 1024;
const keptAlways = 2;

/** From this length on a text is made bytes that all clients share: each would hold a copy of its own until it is sent. */
const sharedFrom = 64 * 1024;

export class EventTexts {
  readonly #view: ExecutionView;
  readonly #findResult: (executionId: string) => Promise<ExecutionResult | undefined>;
  readonly #texts = new Map<string, string | Buffer>();
  #characters = 0;

  /** `findResult` is asked where the journal does not hold a result any more. */
  constructor(view: ExecutionView, findResult: (executionId: string) => Promise<ExecutionResult | undefined>) {
    this.#view = view;
    this.#findResult = findResult;
  }

  /** One line of JSON: text, or bytes where it is long. Undefined where the result has to be read first: see `json`. */
  jsonNow(event: ExecutionEvent, variant: FrameVariant): string | Buffer | undefined {
    const key = keyOf(event, variant);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const { execution, result } = event;
    const wantsResult = event.form === 'live action' || variant === 'full';
    if (!result || !wantsResult) return this.#keep(key, this.#render(event, execution));
    if (!result.value) return undefined;
    return this.#keep(key, this.#render(event, { ...execution, result: result.value }));
  }

  /** Rejects with the store's failure. */
  async json(event: ExecutionEvent, variant: FrameVariant): Promise<string | Buffer> {
    const now = this.jsonNow(event, variant);
    if (now !== undefined) return now;
    const { execution } = event;
    // Results do not change once they are there. Gone with its execution: the event itself is still true.
    const result = await this.#findResult(execution.id);
    return this.#keep(keyOf(event, variant), this.#render(event, result ? { ...execution, result } : execution));
  }

  /** Frames of an output event, for all clients whose frames are the same. */
  frames(event: OutputEvent, render: () => string): string {
    const key = `${event.number}`;
    const known = this.#texts.get(key);
    if (typeof known === 'string') return known;
    const text = render();
    this.#keep(key, text);
    return text;
  }

  #render(event: ExecutionEvent, execution: Execution): string | Buffer {
    const json = oneLineJson(
      event.form === 'live action'
        ? publishedLiveAction(execution, this.#view)
        : publishedExecution(execution, this.#view),
    );
    return json.length < sharedFrom ? json : Buffer.from(json);
  }

  #keep(key: string, text: string | Buffer): string | Buffer {
    this.#characters -= this.#texts.get(key)?.length ?? 0;
    this.#texts.delete(key);
    this.#texts.set(key, text);
    this.#characters += text.length;
    for (const [oldest, { length }] of this.#texts) {
      const { size } = this.#texts;
      if (size <= keptAlways || (size <= textsMax && this.#characters <= charactersMax)) break;
      this.#texts.delete(oldest);
      this.#characters -= length;
    }
    return text;
  }
}

function keyOf(event: ExecutionEvent, variant: FrameVariant): string {
  return `${event.number} ${variant}`;
}
