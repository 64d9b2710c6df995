/**
 * The files in an execution's directory by which a start is handed on, other than `status`:
 *
 *     run    the order to start, for a bash the script. While it is there the start may happen, without it never
 *     stdin  what the process reads on standard input
 *     side   what it reads on descriptor 3
 *     input  a pipe with a name, in place of `stdin`: standard input that stays open (`input-pipe.ts`)
 *
 * `run`, `stdin` and `side` may hold secrets. They go when the start is known, or when a later server finds them. (The
 * empty `run` of a plain start stays: nobody says when it was seen.)
 */
import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { isObject, tryParseJson } from '../../base/json.ts';
import type { ProcessOptions, ProcessPlan } from '../process.ts';
import { readIfThere, startState, statusPath } from './process-status.ts';

export type ProcessFacts = Pick<
  ProcessPlan,
  'timeoutMs' | 'resultVariable' | 'resultBytesMax' | 'signalsNeedSudo' | 'isInputOpen' | 'terminal'
>;

/** As long as a timer can be set. */
const noTimeoutMs = 2 ** 31 - 1;

/** Throws what the file system throws. */
export function prepareDirectory({ directory }: ProcessOptions): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  clearLate(directory);
}

/** A leader that came too late for an earlier order, and did nothing, is no obstacle for the next one. */
export function clearLate(directory: string): void {
  if (startState(directory) === 'late') removeFile(statusPath(directory));
}

/**
 * Makes a start impossible that was asked for and has not begun: whoever makes the file `status` has the execution. False
 * where a leader has it.
 */
export function claimLate(directory: string): boolean {
  if (existsSync(statusPath(directory))) return startState(directory) === 'late';
  try {
    writeFileSync(statusPath(directory), 'late\n', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return startState(directory) === 'late';
    // Without the directory nothing starts in it.
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

/**
 * What a later server needs to know to take the process over, as the leader writes it into its status file: a file of its
 * own for it would make a start a third dearer, on a disk that others use too. No secrets.
 */
export function factsText(plan: ProcessPlan): string {
  const { timeoutMs, resultVariable, resultBytesMax, signalsNeedSudo, isInputOpen, terminal } = plan;
  const facts: ProcessFacts = {
    timeoutMs,
    ...(resultVariable !== undefined && { resultVariable }),
    ...(resultBytesMax !== undefined && { resultBytesMax }),
    signalsNeedSudo,
    ...(isInputOpen && { isInputOpen }),
    ...(terminal && { terminal }),
  };
  return JSON.stringify(facts);
}

/** What was written down at the start, else what `plan` says; without either, nothing that would do harm. */
export function readFacts(directory: string, plan: ProcessPlan | undefined): ProcessFacts {
  const text = /^plan (\{.*\})$/m.exec(readIfThere(statusPath(directory)) ?? '')?.[1];
  const written = text === undefined ? undefined : tryParseJson(text);
  if (!isObject(written) || typeof written.timeoutMs !== 'number')
    return plan ?? { timeoutMs: noTimeoutMs, resultVariable: 'unknown', signalsNeedSudo: false };
  const { timeoutMs, resultVariable, resultBytesMax, terminal } = written;
  return {
    timeoutMs,
    ...(typeof resultVariable === 'string' && { resultVariable }),
    ...(typeof resultBytesMax === 'number' && { resultBytesMax }),
    signalsNeedSudo: written.signalsNeedSudo === true,
    ...(written.isInputOpen === true && { isInputOpen: true }),
    ...(isObject(terminal) && { terminal: { columns: Number(terminal.columns), rows: Number(terminal.rows) } }),
  };
}

/** The order to start: from now on it may happen. */
export function writeOrder(directory: string, script: string): string {
  const path = join(directory, 'run');
  writeFileSync(path, script, { mode: 0o600 });
  return path;
}

/** Input goes through a file: it outlives the server, and shows in no list of processes. */
export function writeInput(plan: ProcessPlan, directory: string): string | undefined {
  return plan.stdin === undefined ? undefined : writePrivately(join(directory, 'stdin'), plan.stdin);
}

export function writeSideInput(plan: ProcessPlan, directory: string): string | undefined {
  return plan.sideInput === undefined ? undefined : writePrivately(join(directory, 'side'), plan.sideInput);
}

function writePrivately(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/**
 * From now on nothing starts that did not. The order goes first: a leader that still finds it has opened its input, and
 * goes on; one that does not find it goes no further.
 */
export function withdrawOrder(directory: string): void {
  try {
    removeFile(join(directory, 'run'));
  } finally {
    removeFile(join(directory, 'side'));
    removeInput(directory);
  }
}

/** Once the process is known to have it, or never to come. */
export function removeInput(directory: string): void {
  removeFile(join(directory, 'stdin'));
}

export function processEnvironment(plan: ProcessPlan, options: ProcessOptions): Readonly<Record<string, string>> {
  if (plan.resultVariable === undefined) return plan.environment;
  return { ...plan.environment, [plan.resultVariable]: join(options.directory, 'result') };
}

/** Asking first is cheap, and an error that is thrown is not. `rmSync` costs ten times as much. */
export function removeFile(path: string): void {
  if (!existsSync(path)) return;
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
