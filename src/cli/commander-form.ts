/**
 * Rows of the command table as commander programs: one to read the words of a command, and those that print help.
 * The only file that knows commander.
 */
import { Argument, Command, CommanderError, Option } from 'commander';
import type { BranchSpec, CommandSpec, OptionSpec } from './command.ts';
import {
  branches,
  commands,
  environmentVariables,
  globalOptions,
  programSummary,
  sharedOptions,
} from './command-table.ts';
import { Options, type OptionValue, UsageError } from './options.ts';

export interface ReadWords {
  readonly args: readonly string[];
  readonly options: Options;
  readonly globals: Options;
  readonly help: () => string;
  /** `-h` was among the words of a command that leaves help to us. */
  readonly wantsHelp: boolean;
}

export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...(command.options ?? []), ...sharedOptions(command.shared)];
}

/** Reads the words after a command. Throws UsageError. */
export function readWords(
  program: string,
  command: CommandSpec,
  words: readonly string[],
  globals: ReadonlyMap<string, OptionValue>,
): ReadWords {
  const form = commandForm(program, command);
  const own = optionsOf(command).map((option) => ({ option, name: addOption(form, option) }));
  const late = globalOptions.map((option) => ({ option, name: addOption(form, option, true) }));
  addRivals(form, own);
  let wantsHelp = false;
  try {
    form.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code !== 'commander.helpDisplayed') throw new UsageError(error.message.replace(/^error: /, ''));
    wantsHelp = true;
  }
  const values = form.opts<Record<string, OptionValue | undefined>>();
  const taken = (rows: readonly { option: OptionSpec; name: string }[]) =>
    rows.flatMap(({ option, name }) => {
      const value = values[name];
      return value === undefined ? [] : [[option.long, value] as const];
    });
  return {
    args: form.args,
    options: new Options(new Map(taken(own))),
    globals: new Options(new Map([...globals, ...taken(late)])),
    help: () => form.helpInformation(),
    wantsHelp,
  };
}

function commandForm(program: string, command: CommandSpec): Command {
  const form = new Command(`${program} ${command.path}`)
    .description(command.summary)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {}, outputError: () => {} })
    .helpOption(command.ownHelp ? false : '-h, --help');
  for (const argument of command.arguments ?? []) {
    const name = argument.many ? `${argument.name}...` : argument.name;
    form.addArgument(new Argument(argument.isOptional ? `[${name}]` : `<${name}>`, argument.summary));
  }
  // Commander reads the arguments of a command only if there is something to do with them.
  return form.action(() => {});
}

/** Gives the name under which commander keeps the value. */
function addOption(form: Command, option: OptionSpec, isHidden = false): string {
  const short = option.short?.length === 1 ? `-${option.short}, ` : '';
  const value = option.value ? ` <${option.value.name}${option.value.many ? '...' : ''}>` : '';
  const added = new Option(`${short}--${option.long}${value}`, describe(option)).hideHelp(isHidden);
  // "--no-follow" is a switch of its own in the table, not commander's negation of --follow.
  added.negate = false;
  if (option.value?.choices) added.choices(option.value.choices);
  form.addOption(added);
  return added.attributeName();
}

function describe(option: OptionSpec): string {
  return option.short?.length === 2 ? `${option.summary} (also -${option.short})` : option.summary;
}

function addRivals(form: Command, rows: readonly { option: OptionSpec; name: string }[]): void {
  for (const { option, name } of rows) {
    if (option.rivals === undefined) continue;
    const rivals = rows.filter((row) => row.option.rivals === option.rivals && row.name !== name);
    form.options.find((added) => added.attributeName() === name)?.conflicts(rivals.map((row) => row.name));
  }
}

/** The help of the program, or of one branch. */
export function overview(program: string, branch?: BranchSpec): string {
  const root = new Command(branch ? `${program} ${branch.name}` : program)
    .description(branch ? branch.summary : programSummary)
    .helpOption('-h, --help', 'show help; after a command: its options')
    .helpCommand(false)
    .usage(branch ? '<command> [options] [arguments]' : '[global options] <command> [options] [arguments]');
  if (!branch) for (const option of globalOptions) addOption(root, option);
  const rows: readonly { name: string; summary: string }[] = branch
    ? commands
        .filter((command) => command.path.startsWith(`${branch.name} `))
        .map((command) => ({ name: command.path.slice(branch.name.length + 1), summary: command.summary }))
    : topLevel();
  for (const row of rows) root.command(row.name).description(row.summary).helpOption(false);
  return root.helpInformation() + (branch ? '' : environmentHelp());
}

function environmentHelp(): string {
  const width = Math.max(...environmentVariables.map(([name]) => name.length));
  const lines = environmentVariables.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
  return `\nEnvironment (the command line and the configuration file win, but for credentials):\n${lines.join('\n')}\n`;
}

function topLevel(): { name: string; summary: string }[] {
  const single = commands.filter((command) => !command.path.includes(' '));
  const inBranches = branches.map((branch) => {
    const names = commands
      .filter((command) => command.path.startsWith(`${branch.name} `))
      .map((c) => c.path.split(' ')[1]);
    return { name: branch.name, summary: `${branch.summary} ${names.join(', ')}` };
  });
  return [...single.map((command) => ({ name: command.path, summary: command.summary })), ...inBranches];
}
