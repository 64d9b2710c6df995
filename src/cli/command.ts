/** What a command is: a row of the command table, and the function that does it. */
import type { Options } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface OptionSpec {
  /** Long name without dashes: how commands ask for it. */
  readonly long: string;
  /** Without the dash. Two letters (`tg`) are StackStorm's and stand for the long name. */
  readonly short?: string;
  /** What follows: one value, or (`many`) all words up to the next option. Without: a switch. */
  readonly value?: { readonly name: string; readonly many?: true; readonly choices?: readonly string[] };
  readonly summary: string;
  /** Options with the same word here exclude each other. */
  readonly rivals?: string;
  /** Not in StackStorm's command line. */
  readonly isOurs?: true;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: true;
  /** Takes all further words. */
  readonly many?: true;
}

/** How a command ended; main.ts gives each its exit code. */
export type Outcome = 'done' | 'failed' | 'refused';

export interface Call {
  readonly args: readonly string[];
  readonly options: Options;
  /** Options before the command. */
  readonly globals: Options;
  readonly terminal: Terminal;
  /** This command's own help. */
  readonly help: () => string;
}

export type Handler = (call: Call) => Promise<Outcome>;

export interface CommandSpec {
  /** `run`, or `execution get`. */
  readonly path: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** `full`: credentials and output form; `form`: output form only; `none`. */
  readonly shared: 'full' | 'form' | 'none';
  /** The command shows help by itself, because what `-h` means depends on its arguments. */
  readonly ownHelp?: true;
  readonly isOurs?: true;
  /** Loads the code of the command. Kept behind a function so that a call loads one command's code. */
  readonly load: () => Promise<Handler>;
}

export interface BranchSpec {
  readonly name: string;
  readonly summary: string;
}
