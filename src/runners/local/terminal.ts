/**
 * A terminal for a command: the command line of a program that runs it in a pseudo terminal and copies between that and its
 * own standard input and output. `script` of util-linux is such a program; where there is none, a line of Python is one.
 *
 * That program only copies. It is told nothing when the command is to be stopped: it would end at once, and what the
 * command still says would be lost. So the shell that becomes the command writes the process group that counts into the
 * status file, and the mark by which what is left of an execution is found and killed is set only from there on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Fault } from '../../base/errors.ts';
import { shellQuote } from './as-user.ts';
import { envPath, findProgram } from './programs.ts';
import { statusPath } from './process-status.ts';

interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const sttyPath = findProgram('stty', ['/usr/bin', '/bin', '/run/current-system/sw/bin']);

/** Of StackStorm's variables the one that `process-table.ts` knows an execution's processes by. */
const markVariable = 'ST2_ACTION_EXECUTION_ID';

/** The words of a program that runs `text`, for a POSIX shell to read, in a terminal. */
export type TerminalKeeper = (text: string) => readonly string[];

/** Words for a shell, quoted: they run `command`, such words too, in a terminal. Fault `start_failed` where nothing can. */
export function inTerminal(
  command: string,
  size: TerminalSize,
  directory: string,
  environment: Readonly<Record<string, string>>,
  keeper: TerminalKeeper = terminalKeeper(),
): string {
  const inside = [
    `echo "terminal $$" >>${shellQuote(statusPath(directory))}`,
    // Output as the program writes it: lines end with a line feed, as they do without a terminal.
    `${sttyPath} sane rows ${size.rows} cols ${size.columns} -onlcr iutf8`,
    ...['SHELL', markVariable].map((name) =>
      environment[name] === undefined ? `unset ${name}` : `export ${name}=${shellQuote(environment[name])}`,
    ),
    `exec ${command}`,
  ].join('; ');
  // `script` has its command read by the shell of the variable SHELL, which may be one of another language.
  return `${envPath} -u ${markVariable} SHELL=/bin/sh ${keeper(inside).map(shellQuote).join(' ')}`;
}

/** Found once: it does not change. */
let found: TerminalKeeper | undefined;

function terminalKeeper(): TerminalKeeper {
  found ??= scriptKeeper() ?? pythonKeeper();
  if (found) return found;
  throw new Fault(
    'start_failed',
    'tty: this machine has nothing to make a terminal with; install "script" (package bsdutils, util-linux or util-linux-misc) or python3',
  );
}

/** That of util-linux; the program of this name on BSD systems understands other words. */
function scriptKeeper(): TerminalKeeper | undefined {
  const path = findProgram('script', ['/usr/bin', '/bin', '/run/current-system/sw/bin']);
  const help = existsSync(path) ? spawnSync(path, ['--help'], { encoding: 'utf8', timeout: 5_000 }).stdout : '';
  if (!/--return\b/.test(help)) return undefined;
  // Older ones always echo. Else what comes before the command reads would be shown or not, by chance.
  const echo = /--echo\b/.test(help) ? ['-E', 'always'] : [];
  return (text) => [path, '--quiet', '--return', '--flush', ...echo, '--command', text, '/dev/null'];
}

export function pythonKeeper(): TerminalKeeper | undefined {
  const path = findProgram('python3', ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']);
  return existsSync(path) ? (text) => [path, '-ISc', pythonTerminal, text] : undefined;
}

const pythonTerminal = `import os, pty, sys
status = pty.spawn(["/bin/sh", "-c", sys.argv[1]])
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))`;
