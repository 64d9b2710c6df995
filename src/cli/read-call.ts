/**
 * What was typed, read against the command table: which command, which options, which words. What it means is worked
 * out later, by the command. argparse's habits are kept where users have them in their fingers: long flags may be
 * shortened, `-tg` is a flag, global options come first. Reading the words of one command is commander's work.
 */
import { closestName } from '../base/closest-name.ts';
import type { BranchSpec, CommandSpec, OptionSpec } from './command.ts';
import { globalOptions } from './command-table.ts';
import { type OptionValue, UsageError } from './options.ts';

export type Reading =
  | { readonly kind: 'version' }
  | { readonly kind: 'print-config'; readonly globals: ReadonlyMap<string, OptionValue> }
  /** Nothing, or a branch without a command: help is shown as for a mistake. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'help'; readonly branch?: BranchSpec }
  | {
      readonly kind: 'command';
      readonly command: CommandSpec;
      /** The words after the command, long flags in full. */
      readonly words: readonly string[];
      readonly globals: ReadonlyMap<string, OptionValue>;
    };

/** Throws UsageError for an unknown option or command, and for an option without its value. */
export function readCall(
  argv: readonly string[],
  table: { readonly commands: readonly CommandSpec[]; readonly branches: readonly BranchSpec[] },
  optionsOf: (command: CommandSpec) => readonly OptionSpec[],
): Reading {
  const { globals, rest, wantsHelp } = readGlobals(argv);
  if (globals.has('version')) return { kind: 'version' };
  if (globals.has('print-config')) return { kind: 'print-config', globals };
  if (wantsHelp) return { kind: 'help' };
  const [first, second] = rest;
  if (first === undefined) return { kind: 'incomplete' };
  const single = table.commands.find((command) => command.path === first);
  if (single) return { kind: 'command', command: single, words: complete(rest.slice(1), optionsOf(single)), globals };
  const branch = table.branches.find((candidate) => candidate.name === first);
  if (!branch) throw new UsageError(unknown(first, [...singles(table.commands), ...table.branches.map((b) => b.name)]));
  if (second === undefined) return { kind: 'incomplete' };
  if (second === '-h' || second === '--help') return { kind: 'help', branch };
  const command = table.commands.find((candidate) => candidate.path === `${first} ${second}`);
  const inBranch = table.commands.filter((candidate) => candidate.path.startsWith(`${first} `));
  if (!command)
    throw new UsageError(
      unknown(
        `${first} ${second}`,
        inBranch.map((candidate) => candidate.path),
      ),
    );
  return { kind: 'command', command, words: complete(rest.slice(2), optionsOf(command)), globals };
}

function singles(commands: readonly CommandSpec[]): string[] {
  return commands.filter((command) => !command.path.includes(' ')).map((command) => command.path);
}

function readGlobals(argv: readonly string[]) {
  const globals = new Map<string, OptionValue>();
  let index = 0;
  let wantsHelp = false;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (!word.startsWith('-')) break;
    if (word === '-h' || word === '--help') {
      wantsHelp = true;
      continue;
    }
    const { option, value } = longOption(word, globalOptions) ?? {};
    if (!option) throw new UsageError(`unknown option ${word}`);
    if (!option.value) {
      globals.set(option.long, true);
    } else if (value !== undefined) {
      globals.set(option.long, value);
    } else {
      index += 1;
      const next = argv[index];
      if (next === undefined) throw new UsageError(`option --${option.long}: expected ${option.value.name}`);
      globals.set(option.long, next);
    }
  }
  return { globals, rest: argv.slice(index), wantsHelp };
}

/** The words with `--attri` as `--attr` and `-tg` as `--timestamp-gt`, up to a `--`. */
function complete(words: readonly string[], options: readonly OptionSpec[]): string[] {
  const all = [...options, ...globalOptions];
  const end = words.indexOf('--');
  return words.map((word, index) => {
    if (end >= 0 && index >= end) return word;
    const twoLetters = options.find((option) => option.short?.length === 2 && word === `-${option.short}`);
    if (twoLetters) return `--${twoLetters.long}`;
    const found = longOption(word, all);
    if (!found) return word;
    return found.value === undefined ? `--${found.option.long}` : `--${found.option.long}=${found.value}`;
  });
}

/** The option that `--name` or `--name=value` means, in full or as the only one that begins so. */
function longOption(word: string, options: readonly OptionSpec[]): { option: OptionSpec; value?: string } | undefined {
  const match = /^--([^=]+)(?:=(.*))?$/s.exec(word);
  if (!match) return undefined;
  const [, name = '', value] = match;
  const exact = options.find((option) => option.long === name);
  const begun = exact ? [exact] : options.filter((option) => option.long.startsWith(name));
  const [option, second] = begun;
  if (!option) return undefined;
  if (second) throw new UsageError(`option --${name} could be ${begun.map((o) => `--${o.long}`).join(' or ')}`);
  return value === undefined ? { option } : { option, value };
}

function unknown(typed: string, known: readonly string[]): string {
  const near = closestName(typed, known);
  return `unknown command "${typed}"${near ? `; did you mean "${near}"?` : ''}`;
}
