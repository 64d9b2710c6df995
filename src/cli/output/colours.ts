/** Colours of the original, for terminals that it knows. Whether to use them is decided once, from the environment. */

const terminals = new Set(['xterm', 'xterm-color', 'screen', 'vt100', 'vt100-color', 'xterm-256color']);

const codes = { red: 91, green: 92, yellow: 93, blue: 94, magenta: 95, cyan: 96, brown: 33 } as const;
export type Colour = keyof typeof codes;

const statusColours: Readonly<Record<string, Colour>> = {
  succeeded: 'green',
  failed: 'red',
  delayed: 'blue',
  timeout: 'brown',
};

/**
 * Unlike the original, never into a pipe or a file. `ST2_COLORIZE` switches colours *off*, whatever its value says: so
 * it is there, and scripts rely on it.
 */
export function wantsColours(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  return isTerminal && !environment.ST2_COLORIZE && terminals.has((environment.TERM ?? '').toLowerCase());
}

export function paint(text: string, colour: Colour): string {
  return `\x1b[${codes[colour]}m${text}\x1b[0m`;
}

export function paintStatus(status: string): string {
  return paint(status, statusColours[status] ?? 'yellow');
}
