/**
 * The command line, `stormtail` and `st2`. Reads the call, loads the one command's code and runs it. The only place
 * that knows exit codes:
 *
 *   0  done; also where the original says so of failures: see spec notes in docs/reference/cli.md
 *   1  an error, told on stdout as `ERROR: …` (StackStorm's users look for it there); an execution that failed
 *   2  a call that cannot be understood, told on stderr; what was to be created, deleted or registered was refused
 *   3  --print-config
 *
 * Kept light: what every call loads is this file, the table and the reader of words; `--version` not even commander.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Outcome } from './command.ts';
import { branches, commands, sharedOptions } from './command-table.ts';
import { Options, UsageError } from './options.ts';
import { type Reading, readCall } from './read-call.ts';
import { processTerminal } from './terminal.ts';

const exitCodes = { done: 0, failed: 1, refused: 2 } as const satisfies Record<Outcome, number>;
const exitError = 1;
const exitUsage = 2;
const exitConfigPrinted = 3;

const terminal = processTerminal();
const program = basename(process.argv[1] ?? '').startsWith('stormtail') ? 'stormtail' : 'st2';

async function main(argv: readonly string[]): Promise<number> {
  try {
    const reading = readCall(argv, { commands, branches }, (command) => [
      ...(command.options ?? []),
      ...sharedOptions(command.shared),
    ]);
    return await obey(reading);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.tell(`${program}: error: ${error.message}\nTry '${program} --help'.`);
      return exitUsage;
    }
    await terminal.print(`ERROR: ${error instanceof Error ? error.message : String(error)}\n`);
    if (argv.includes('--debug')) terminal.tell(error instanceof Error ? (error.stack ?? '') : '');
    return exitError;
  }
}

async function obey(reading: Reading): Promise<number> {
  switch (reading.kind) {
    case 'version':
      await terminal.print(`${program} ${version()}, on Node.js ${process.versions.node}`);
      return 0;
    case 'print-config':
      await printConfig(new Options(reading.globals));
      return exitConfigPrinted;
    case 'incomplete': {
      const { overview } = await import('./commander-form.ts');
      terminal.tell(overview(program).trimEnd());
      return exitUsage;
    }
    case 'help': {
      const { overview } = await import('./commander-form.ts');
      await terminal.write(overview(program, reading.branch));
      return 0;
    }
    case 'command': {
      const { readWords } = await import('./commander-form.ts');
      const { wantsHelp, ...call } = readWords(program, reading.command, reading.words, reading.globals);
      if (wantsHelp) {
        await terminal.write(call.help());
        return 0;
      }
      const handler = await reading.command.load();
      return exitCodes[await handler({ ...call, terminal })];
    }
  }
}

async function printConfig(globals: Options): Promise<void> {
  const { readClientConfig } = await import('./client-config.ts');
  for (const { section, options } of readClientConfig(globals, terminal).entries()) {
    await terminal.print(`[${section}]`);
    for (const [name, value] of options) await terminal.print(`${name} = ${value}`);
  }
}

/** From the package's own file: one number in one place. It lies one level above the built program. */
function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file !== null && 'version' in file ? String(file.version) : 'unknown';
}

// A reader that went away (`| head`) has what it wanted: end quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : exitError);
});

// The code is set and not forced, so that what is still in the pipe is written first.
process.exitCode = await main(process.argv.slice(2));
