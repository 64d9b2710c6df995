/** What every way of starting a process checks before: whether the plan can work, and whether it can be handed on unchanged. */
import { accessSync, constants, statSync } from 'node:fs';
import { Fault, messageOf, systemCode } from '../../base/errors.ts';
import type { ProcessOptions, ProcessPlan } from '../process.ts';

/** One argument may not be longer than this on Linux (32 pages), nor may one variable. */
const argumentBytesMax = 131_071;

/** Fault `start_failed` where the plan cannot work, or would reach the process other than it was meant. */
export function requireStartable(
  plan: ProcessPlan,
  environment: Readonly<Record<string, string>>,
  options: ProcessOptions,
): void {
  const [program, ...words] = plan.argv;
  if (program === undefined || program === '') throw new Fault('start_failed', 'there is no program to start');
  requirePassable('the program', program);
  for (const [at, word] of words.entries()) requirePassable(`argument ${at + 1} of the command`, word);
  for (const [name, value] of Object.entries(environment)) {
    requirePassable('the name of a variable in "env"', name);
    if (name === '' || name.includes('='))
      throw new Fault('start_failed', `variable "${name}" in "env": a name may be neither empty nor hold an "="`);
    requirePassable(`variable "${name}" in "env"`, value);
  }
  requirePassable('the working directory ("cwd")', plan.cwd);
  requirePassable("the execution's directory", options.directory);
  requireDirectory(plan.cwd);
}

/** What cannot be passed on would silently become something else: shells drop NUL, and half a character becomes U+FFFD. */
export function requirePassable(what: string, text: string): void {
  if (text.includes('\0'))
    throw new Fault('start_failed', `${what} holds a NUL character, which no process can be given`);
  if (/\p{Surrogate}/u.test(text))
    throw new Fault('start_failed', `${what} is no valid Unicode: it holds half of a surrogate pair`);
}

/** Shells say of too long ones only that they are, and where: to the action, too late. */
export function requireArgumentSize(texts: readonly string[]): void {
  if (texts.every((text) => text.length <= argumentBytesMax / 4 || Buffer.byteLength(text) <= argumentBytesMax)) return;
  throw new Fault(
    'start_failed',
    `the command, one of its arguments or a variable is longer than ${argumentBytesMax} bytes, which this system does not allow; put long text into a file or pass it to a Python action`,
  );
}

export function startFailure(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('start_failed', reasonOf(error), { cause: error });
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  if (code === 'E2BIG')
    return 'the command, its arguments and environment are together too long for this system; put long text into a file or a parameter of a script';
  if (code === 'EAGAIN') return 'the limit of processes is reached; the command was not started';
  if (code === 'EMFILE' || code === 'ENFILE') return 'the limit of open files is reached; the command was not started';
  if (code === 'ENOMEM') return 'there is not enough memory to start a process';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full; the command was not started';
  return `the process could not be started: ${messageOf(error)}`;
}

function requireDirectory(cwd: string): void {
  const refusal = (why: string, cause?: unknown) =>
    new Fault('start_failed', `working directory "${cwd}": ${why}`, { cause });
  let isDirectory: boolean;
  try {
    isDirectory = statSync(cwd).isDirectory();
  } catch (error) {
    throw refusal(systemCode(error) === 'ENOENT' ? 'does not exist' : deniedOr(error), error);
  }
  if (!isDirectory) throw refusal('is not a directory');
  try {
    accessSync(cwd, constants.X_OK);
  } catch (error) {
    throw refusal(deniedOr(error), error);
  }
}

function deniedOr(error: unknown): string {
  if (systemCode(error) !== 'EACCES') return messageOf(error);
  return "the server's user may not enter it (permission denied)";
}
