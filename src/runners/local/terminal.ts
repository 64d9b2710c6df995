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

/** Words for a shell, quoted: they run `command`, such words too, in a terminal. Fault `start_failed` where nothing can. */
export function inTerminal(
  command: string,
  size: TerminalSize,
  directory: string,
  environment: Readonly<Record<string, string>>,
): string {
  const inside = [
    `echo "terminal $$" >>${shellQuote(statusPath(directory))}`,
    // Output as the program writes it: lines end with a line feed, as they do without a terminal.
    `${sttyPath} sane rows ${size.rows} cols ${size.columns} -onlcr ${process.platform === 'linux' ? 'iutf8' : ''}`,
    ...['SHELL', markVariable].map((name) =>
      environment[name] === undefined ? `unset ${name}` : `export ${name}=${shellQuote(environment[name])}`,
    ),
    `exec ${command}`,
  ].join('; ');
  const words = [...terminalProgram(), inside, ...(script === undefined ? [] : ['/dev/null'])];
  // `script` has its command read by the shell of the variable SHELL, which may be one of another language.
  return `${envPath} -u ${markVariable} SHELL=/bin/sh ${words.map(shellQuote).join(' ')}`;
}

let script: { readonly path: string; readonly canEcho: boolean } | undefined;
let isKnown = false;

function terminalProgram(): readonly string[] {
  if (!isKnown) {
    script = findScript();
    isKnown = true;
  }
  // Quiet, the command's exit status, no buffer. Echo from the beginning: also of what comes before the command reads.
  if (script) return [script.path, '-qef', ...(script.canEcho ? ['-E', 'always'] : []), '-c'];
  const python = findProgram('python3', ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']);
  if (existsSync(python)) return [python, '-Sc', pythonTerminal];
  throw new Fault(
    'start_failed',
    'tty: this machine has nothing to make a terminal with; install "script" (package bsdutils, util-linux or util-linux-misc) or python3',
  );
}

/** That of util-linux; the program of this name on BSD systems understands other words. */
function findScript(): typeof script {
  const path = findProgram('script', ['/usr/bin', '/bin', '/run/current-system/sw/bin']);
  const help = existsSync(path) ? spawnSync(path, ['--help'], { encoding: 'utf8', timeout: 5_000 }).stdout : '';
  return /--return\b/.test(help) ? { path, canEcho: /--echo\b/.test(help) } : undefined;
}

const pythonTerminal = `import os, pty, sys
status = pty.spawn(["/bin/sh", "-c", sys.argv[1]])
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))`;
