/** Signals by number, as far as shells report them: exit status 128 + n. */
import { constants } from 'node:os';

const names = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
// SIGABRT and SIGIOT share a number, as do SIGIO and SIGPOLL: the better known name wins.
names.set(constants.signals.SIGABRT, 'SIGABRT');

/** The signal behind a shell's exit status, where it is known that there was one. */
export function signalBehind(code: number): string | undefined {
  return names.get(code - 128);
}

/**
 * The signal behind a shell's exit status, where only the convention tells: a program may as well exit with 128 + n by its
 * own choice. Only signals that end a process by default and are seen in practice count.
 */
export function signalOfExitCode(code: number): string | undefined {
  return deadly.has(code - 128) ? signalBehind(code) : undefined;
}

export function signalNumber(name: string): number {
  return constants.signals[name as NodeJS.Signals] ?? 0; // names come from the table above
}

const deadly: ReadonlySet<number> = new Set(
  (
    [
      'SIGHUP',
      'SIGINT',
      'SIGQUIT',
      'SIGILL',
      'SIGTRAP',
      'SIGABRT',
      'SIGBUS',
      'SIGFPE',
      'SIGKILL',
      'SIGSEGV',
      'SIGPIPE',
      'SIGTERM',
      'SIGXCPU',
      'SIGXFSZ',
      'SIGSYS',
    ] as const
  ).map((name) => constants.signals[name]),
);
