/** 24-hex object ids as MongoDB makes them: seconds (8), process-random (10), counter (6). Newer ids sort later. */
import { randomBytes } from 'node:crypto';

const pattern = /^[0-9a-f]{24}$/;

export function isObjectId(text: string): boolean {
  return pattern.test(text);
}

/** A source of ids. `random` gives the process part and the counter's start, so tests can make ids predictable. */
export function objectIds(nowUs: () => number, random: () => Buffer = () => randomBytes(8)): () => string {
  const seed = random();
  const process = seed.toString('hex', 0, 5);
  let counter = seed.readUIntBE(5, 3);
  let lastSecond = 0;
  return () => {
    // Never below the last one, so that ids made by one process always sort in the order they were made.
    lastSecond = Math.max(lastSecond, Math.floor(nowUs() / 1_000_000));
    counter += 1;
    if (counter > 0xffffff) {
      counter = 0;
      lastSecond += 1;
    }
    return lastSecond.toString(16).padStart(8, '0') + process + counter.toString(16).padStart(6, '0');
  };
}
