/**
 * The secret values that must not be seen in a log, sealed in its index, so that whoever reads it, whenever, hides the same.
 * A log whose secrets cannot be unsealed is not shown.
 */
import { assert } from '../../base/assert.ts';
import { Fault, isFault } from '../../base/errors.ts';
import { tryParseJson } from '../../base/json.ts';
import { type Redactor, redactorOf } from '../../core/model/redaction.ts';

/** How a text is kept that must not rest in clear. `open` throws a Fault where it was sealed with another key. */
export interface TextSeal {
  seal(text: string): string;
  open(sealed: string): string;
}

/** Logs that are read at the same time; a redactor of many secrets takes milliseconds to build. */
const redactorsMax = 64;

export class SealedSecrets {
  readonly #seal: TextSeal | undefined;
  /** By what is sealed, the least recently used first. */
  readonly #redactors = new Map<string, Redactor | undefined>();

  constructor(seal: TextSeal | undefined) {
    this.#seal = seal;
  }

  get canSeal(): boolean {
    return this.#seal !== undefined;
  }

  /** Nothing for no values. */
  seal(values: readonly string[]): Buffer {
    if (values.length === 0) return Buffer.alloc(0);
    assert(this.#seal, 'output with secrets needs a seal for them');
    return Buffer.from(this.#seal.seal(JSON.stringify(values)));
  }

  /** What hides the sealed values. Throws a Fault where they cannot be read. */
  redactor(sealed: Buffer): Redactor | undefined {
    if (sealed.length === 0) return undefined;
    const key = sealed.toString('latin1');
    const redactor = this.#redactors.has(key) ? this.#redactors.get(key) : redactorOf(this.#open(sealed.toString()));
    this.#redactors.delete(key);
    this.#redactors.set(key, redactor);
    for (const oldest of this.#redactors.keys()) {
      if (this.#redactors.size <= redactorsMax) break;
      this.#redactors.delete(oldest);
    }
    return redactor;
  }

  #open(sealed: string): readonly string[] {
    assert(this.#seal, 'output with secrets needs a seal for them');
    let values: unknown;
    try {
      values = tryParseJson(this.#seal.open(sealed));
    } catch (error) {
      if (!isFault(error)) throw error;
      throw cannotOpen(error);
    }
    if (!Array.isArray(values)) throw cannotOpen(undefined);
    return values.filter((value) => typeof value === 'string');
  }
}

function cannotOpen(cause: unknown): Fault {
  return new Fault(
    'store_failed',
    'this output is not shown: the secrets to hide in it cannot be read; it was written with another secret key, or its index is damaged',
    { cause },
  );
}
