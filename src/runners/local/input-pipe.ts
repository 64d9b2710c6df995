/**
 * Standard input that stays open: a pipe with a name, `input` in the execution's directory. The leader keeps it open for
 * reading and writing (`run-script.ts`), so that it does not end when a writer goes: the server writes, comes and goes. The
 * command has it for reading alone, and reads its end when the leader lets go.
 *
 * The name goes when the input has ended, or the command has: what has no name any more takes nothing.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault, messageOf, systemCode } from '../../base/errors.ts';
import { type InputAnswer, inputPieceBytesMax, type ProcessPlan } from '../process.ts';
import { findProgram } from './programs.ts';
import { requirePassable } from './start-checks.ts';
import { removeFile } from './start-files.ts';

const mkfifoPath = findProgram('mkfifo', ['/usr/bin', '/bin', '/run/current-system/sw/bin']);

/** The path, where `plan` wants one. Fault `start_failed` where it cannot be made. */
export async function makeInputPipe(plan: ProcessPlan, directory: string): Promise<string | undefined> {
  if (!plan.isInputOpen) return undefined;
  const text = plan.stdin ?? '';
  requirePassable('"stdin"', text);
  if (Buffer.byteLength(text) > inputPieceBytesMax)
    throw new Fault(
      'start_failed',
      `"stdin" may hold at most ${inputPieceBytesMax} bytes where the input stays open (interactive, tty); send the rest while it runs`,
    );
  const path = pipePath(directory);
  // A start that is tried again, behind one of which nothing was heard.
  if (existsSync(path)) return path;
  try {
    await promisify(execFile)(mkfifoPath, ['-m', '600', path]);
  } catch (error) {
    throw new Fault('start_failed', `the pipe for its input could not be made: ${messageOf(error)}`, { cause: error });
  }
  return path;
}

/** At most `inputPieceBytesMax` bytes: a pipe takes so many at once, or none. */
export function writeToPipe(directory: string, piece: Uint8Array): InputAnswer {
  let pipe: number;
  try {
    pipe = openSync(pipePath(directory), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    // No name, or nobody who would read.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENXIO') return 'ended';
    throw error;
  }
  try {
    writeSync(pipe, piece);
    return 'taken';
  } catch (error) {
    if (systemCode(error) === 'EAGAIN') return 'full';
    if (systemCode(error) === 'EPIPE') return 'ended';
    throw error;
  } finally {
    closeSync(pipe);
  }
}

export function hasInputPipe(directory: string): boolean {
  return existsSync(pipePath(directory));
}

export function removeInputPipe(directory: string): void {
  removeFile(pipePath(directory));
}

function pipePath(directory: string): string {
  return join(directory, 'input');
}
