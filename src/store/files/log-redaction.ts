/**
 * What one log hides. Made ready when the first output comes: most of the time of an execution that prints nothing would
 * go into it. A log keeps to what it was begun with, because its index counts redacted text.
 */
import { assert } from '../../base/assert.ts';
import { type Redactor, redactorOf } from '../../core/model/redaction.ts';
import type { IndexEntry } from './output-index.ts';
import type { SealedSecrets } from './sealed-secrets.ts';

export class LogRedaction {
  readonly #secrets: SealedSecrets;
  readonly #values: readonly string[];
  readonly #printedAtOnce: readonly string[];
  #patient: { readonly known: Redactor | undefined } | undefined;
  #sealed: Buffer | undefined;
  #redactor: { readonly known: Redactor | undefined } | undefined;

  constructor(secrets: SealedSecrets, values: readonly string[], printedAtOnce: readonly string[] = []) {
    assert(values.length === 0 || secrets.canSeal, 'output with secrets needs a seal for them');
    this.#secrets = secrets;
    this.#values = values;
    this.#printedAtOnce = printedAtOnce;
  }

  /** The log was begun with these. */
  resume(sealed: Buffer): void {
    this.#sealed = sealed;
    this.#redactor = { known: this.#secrets.redactor(sealed) };
  }

  get sealed(): Buffer {
    this.#sealed ??= this.#secrets.seal(this.#values);
    return this.#sealed;
  }

  /** Undefined where nothing is hidden. */
  get redactor(): Redactor | undefined {
    this.#redactor ??= { known: redactorOf(this.#values) };
    return this.#redactor.known;
  }

  /** The same without what is printed at once. */
  get patient(): Redactor | undefined {
    this.#patient ??= { known: redactorOf(this.#values.filter((value) => !this.#printedAtOnce.includes(value))) };
    return this.#patient.known;
  }
}

/** The bytes of an entry as they are shown. */
export function shownBytes(
  redactor: Redactor | undefined,
  { isInterrupted }: Pick<IndexEntry, 'isInterrupted'>,
  bytes: Buffer,
): Buffer {
  if (!redactor) return bytes;
  return isInterrupted ? redactor.redactInterrupted(bytes) : redactor.redact(bytes);
}
