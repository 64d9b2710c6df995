/** The options of one call by their long names. What a name means, and which type it has, stands in the command table. */
import { Fault } from '../base/errors.ts';

export type OptionValue = string | readonly string[] | true;

export class Options {
  readonly #values: ReadonlyMap<string, OptionValue>;

  constructor(values: ReadonlyMap<string, OptionValue>) {
    this.#values = values;
  }

  /** Was it given? */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Of an option that takes several values; undefined where it was not given. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === true) return undefined;
    return typeof value === 'string' ? [value] : value;
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : integerOf(name, value);
  }

  integers(name: string): readonly number[] | undefined {
    return this.texts(name)?.map((value) => integerOf(name, value));
  }
}

/** A call that cannot be understood: told on stderr, with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

function integerOf(name: string, text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`option --${name}: "${text}" is not an integer`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Fault('invalid_input', `option --${name}: ${text} is too large`);
  return value;
}
