/** What the soak is asked for on its command line. */
import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly minutes: number;
  /** Executions asked for per second, where the server takes as many. */
  readonly rate: number;
  /** Executions that have not ended, at most; beyond it the soak waits. */
  readonly openMax: number;
  readonly seed: number;
  /** Without kills of anything. */
  readonly isCalm: boolean;
  /** The home is left for a look where something is wrong. */
  readonly keepsHome: boolean;
}

export const usage = `usage: npm run soak -- [--minutes 30] [--rate 200] [--open 200] [--seed N] [--calm] [--keep]

Runs a real server under load while it, its helpers and its remote hosts are killed, and checks that nothing is lost.
The same seed asks for the same executions and the same kills in the same order; the machine decides the rest.
`;

/** Throws with a text for people. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string', default: '200' },
      open: { type: 'string', default: '200' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      calm: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'minutes' | 'rate' | 'open' | 'seed') => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, got "${values[name]}"`);
    return value;
  };
  return {
    minutes: number('minutes'),
    rate: number('rate'),
    openMax: number('open'),
    seed: number('seed'),
    isCalm: values.calm,
    keepsHome: values.keep,
  };
}
