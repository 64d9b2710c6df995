/** docs/reference/cli.md: every command and flag, from the table that parses them. */
import type { ArgumentSpec, CommandSpec, OptionSpec } from '../../src/cli/command.ts';
import { commands, globalOptions, sharedOptions } from '../../src/cli/command-table.ts';
import { markdownTable } from './markdown-table.ts';
import { printedFrom } from './printed-from.ts';

const introduction = `# Command line

\`stormtail\` and \`st2\` are the same program; \`st2\` is the name that scripts written for StackStorm know. Commands, flags and texts are
StackStorm's; what is ours is marked +. \`COMMAND --help\` shows the same.

| exit code | when |
|---|---|
| 0 | done. As in StackStorm, also where an execution ended in \`timeout\`, \`canceled\` or \`abandoned\` |
| 1 | an error, told on stdout as \`ERROR: …\`; an execution that failed |
| 2 | a call that cannot be understood, told on stderr; what was to be created, deleted or registered was refused |
| 3 | after \`--print-config\` |`;

export function cliPage(): string {
  const parts = [
    printedFrom('src/cli/command-table.ts'),
    introduction,
    '## Before every command',
    optionTable(globalOptions),
    '## In every command',
    optionTable(sharedOptions('full')),
    ...commands.flatMap((command) => commandSection(command)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function commandSection(command: CommandSpec): string[] {
  const usage = [command.path, ...(command.arguments ?? []).map(argumentText)].join(' ');
  const parts = [`## ${command.path}${command.isOurs ? ' +' : ''}`, command.summary, `\`\`\`\nst2 ${usage}\n\`\`\``];
  const argumentRows = (command.arguments ?? []).map((one) => [`\`${one.name}\``, one.summary]);
  if (argumentRows.length > 0) parts.push(markdownTable(['argument', 'meaning'], argumentRows));
  if (command.options && command.options.length > 0) parts.push(optionTable(command.options));
  return parts;
}

function argumentText(argument: ArgumentSpec): string {
  const name = `${argument.name.toUpperCase()}${argument.many ? '...' : ''}`;
  return argument.isOptional ? `[${name}]` : name;
}

function optionTable(options: readonly OptionSpec[]): string {
  return markdownTable(
    ['option', 'meaning'],
    options.map((option) => {
      const value = option.value ? ` ${option.value.name}${option.value.many ? '...' : ''}` : '';
      const names = [...(option.short ? [`-${option.short}`] : []), `--${option.long}`].map(
        (name) => `\`${name}${value}\``,
      );
      return [names.join(', '), `${option.summary}${option.isOurs ? ' +' : ''}`];
    }),
  );
}
