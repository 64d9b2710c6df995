/**
 * Hiding known secret values in whatever an execution prints, returns and causes to be logged. Where texts to hide
 * overlap, one mask stands for all of them: what is left of the second would still say much of it.
 *
 * Output comes in pieces. It is cut where no secret is cut (`cut`), so that each piece can be redacted on its own, by
 * whoever reads it, at any time, with the same result as the whole.
 */
import { isObject } from '../../base/json.ts';
import { BytePatterns } from './byte-patterns.ts';
import { secretMask } from './secret.ts';
import { secretForms } from './secret-forms.ts';

export interface Redactor {
  /** The very same bytes where nothing is to be hidden. */
  redact(bytes: Buffer): Buffer;
  /**
   * The same for bytes that nothing will follow: half of a secret or more at their end is hidden as well. A process that
   * died while it printed one would otherwise have told most of it.
   */
  redactInterrupted(bytes: Buffer): Buffer;
  redactText(text: string): string;
  /** Strings, numbers and keys inside a JSON value. The very same value where nothing is to be hidden. */
  redactValue<T>(value: T): T;
  /** How many bytes at the end may be the beginning of a secret. */
  heldLength(bytes: Uint8Array): number;
  /**
   * Where the bytes may be cut, at `at` or before it, while more may follow: not within a secret, and not within what may
   * become one: its first `heldFrom` bytes (1 where it is not said) or more. 0 where that is nowhere.
   */
  cut(bytes: Uint8Array, at: number, heldFrom?: number): number;
}

const mask = Buffer.from(secretMask);

const known = new WeakMap<readonly string[], Redactor | undefined>();

/** Undefined where none of the values is to be hidden. Remembered by the list: an execution's log and its result share one. */
export function redactorOf(values: readonly string[]): Redactor | undefined {
  if (known.has(values)) return known.get(values);
  const forms = secretForms(values);
  const redactor = forms.length === 0 ? undefined : new PatternRedactor(new BytePatterns(forms));
  known.set(values, redactor);
  return redactor;
}

class PatternRedactor implements Redactor {
  readonly #patterns: BytePatterns;

  constructor(patterns: BytePatterns) {
    this.#patterns = patterns;
  }

  redact(bytes: Buffer): Buffer {
    return this.#masked(bytes, bytes.length);
  }

  redactInterrupted(bytes: Buffer): Buffer {
    const unfinished = this.#patterns.unfinishedLength(bytes, (found, whole) => 2 * found >= whole);
    return this.#masked(bytes, bytes.length - unfinished);
  }

  redactText(text: string): string {
    const bytes = Buffer.from(text);
    const redacted = this.redact(bytes);
    return redacted === bytes ? text : redacted.toString('utf8');
  }

  redactValue<T>(value: T): T {
    return this.#redacted(value) as T; // the same shape: only texts differ, and numbers that are secret
  }

  heldLength(bytes: Uint8Array): number {
    return this.#patterns.unfinishedLength(bytes);
  }

  cut(bytes: Uint8Array, at: number, heldFrom = 1): number {
    const held = this.#patterns.unfinishedLength(bytes, (found) => found >= heldFrom);
    let place = Math.min(at, bytes.length - held);
    // A match that began before the place may itself be overlapped by one that began earlier.
    for (let before = -1; place > 0 && place !== before; ) {
      before = place;
      const from = Math.max(0, place - this.#patterns.longest + 1);
      const near = bytes.subarray(0, place + this.#patterns.longest);
      this.#patterns.eachPlace(near, from, (start, end) => {
        if (end <= before) return true;
        if (start < before) place = start;
        return false;
      });
    }
    return place;
  }

  /** From `hiddenFrom` on nothing is shown. */
  #masked(bytes: Buffer, hiddenFrom: number): Buffer {
    const places: number[] = [];
    this.#patterns.eachPlace(bytes, 0, (start, end) => {
      if (start < hiddenFrom) places.push(start, Math.max(end, end > hiddenFrom ? bytes.length : 0));
      return start < hiddenFrom;
    });
    if (hiddenFrom < bytes.length && (places.at(-1) ?? 0) < bytes.length) places.push(hiddenFrom, bytes.length);
    if (places.length === 0) return bytes;
    const parts: Buffer[] = [];
    let shown = 0;
    for (let at = 0; at < places.length; at += 2) {
      parts.push(bytes.subarray(shown, places[at]), mask);
      shown = places[at + 1] ?? shown;
    }
    parts.push(bytes.subarray(shown));
    return Buffer.concat(parts);
  }

  #redacted(value: unknown): unknown {
    if (typeof value === 'string') return this.redactText(value);
    if (typeof value === 'number') {
      const text = String(value);
      const redacted = this.redactText(text);
      return redacted === text ? value : redacted;
    }
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#redacted(item));
      return items.every((item, at) => item === value[at]) ? value : items;
    }
    if (!isObject(value)) return value;
    const entries = Object.entries(value).map(([key, item]) => [this.redactText(key), this.#redacted(item)] as const);
    const isSame = entries.every(([key, item]) => Object.hasOwn(value, key) && value[key] === item);
    return isSame ? value : Object.fromEntries(entries);
  }
}
