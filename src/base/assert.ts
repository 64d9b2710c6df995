/** Broken invariants. What throws here is our own mistake: nothing catches it to carry on, the unit of work fails loudly. */

export class BrokenInvariant extends Error {
  override name = 'BrokenInvariant';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BrokenInvariant(message);
}

/** Ends an exhaustive switch: the compiler proves it is never reached, and at run time it says what got there anyway. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unexpected value ${JSON.stringify(value)}`);
}
