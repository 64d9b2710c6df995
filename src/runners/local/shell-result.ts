/** What the end of a shell command means, and the result that workflows and people see (spec/executions.md §8.2). */
import type { KeptOutput, ProcessEnd } from '../process.ts';
import type { Outcome, RunRequest } from '../runner.ts';
import { isSudoRefusal, shellValue, sudoRefusal } from '../shell-output.ts';
import { signalNumber } from './signals.ts';

interface Verdict {
  readonly status: Outcome['status'];
  /** Negative: ended by that signal. */
  readonly returnCode: number;
  readonly error?: string;
}

/** Shared by the shell and Python runners, which name the code differently. */
export function verdictOf(end: ProcessEnd): Verdict {
  const verdict = verdictOfWhatEnded(end);
  if (!end.unkilled) return verdict;
  const { error } = verdict;
  return { ...verdict, error: error === undefined ? unkilledNote : `${error}; ${unkilledNote}` };
}

const unkilledNote = 'some of its processes could not be killed (they run as another user)';

/** Of signals that the system sends for a reason of its own. */
const likelyReasons: Readonly<Record<string, string>> = {
  SIGKILL: ' (somebody killed it, or the system ran out of memory)',
  SIGXCPU: ' (it reached its limit of processor time: "cpu_seconds" in "limits", or the system\'s)',
  SIGXFSZ: ' (a file reached the limit of its length: "file_bytes" in "limits", or the system\'s)',
};

function verdictOfWhatEnded(end: ProcessEnd): Verdict {
  if (end.stopped === 'timeout') {
    return { status: 'timeout', returnCode: -9, error: `Action failed to complete in ${end.timeoutMs / 1000} seconds` };
  }
  const returnCode = end.signal ? -signalNumber(end.signal) : (end.exitCode ?? -9);
  if (end.stopped === 'storage_full') {
    return {
      status: 'failed',
      returnCode,
      error: 'stopped because the disk that keeps the output is full; output after that point is lost',
    };
  }
  if (end.stopped === 'cancel') return { status: 'failed', returnCode, error: 'canceled' };
  if (end.signal === 'SIGTERM')
    return { status: 'abandoned', returnCode, error: 'ended by SIGTERM, which the server did not send' };
  if (end.signal)
    return { status: 'failed', returnCode, error: `ended by ${end.signal}${likelyReasons[end.signal] ?? ''}` };
  return { status: returnCode === 0 ? 'succeeded' : 'failed', returnCode };
}

export function shellOutcome(request: RunRequest, end: ProcessEnd, kept: KeptOutput): Outcome {
  const { status, returnCode, error } = verdictOf(end);
  const isText = request.action.raw_stdout === true;
  const message = status === 'failed' && isSudoRefusal(kept.stderr) ? sudoRefusal(request.user) : error;
  return {
    status,
    result: {
      failed: status !== 'succeeded',
      succeeded: status === 'succeeded',
      return_code: returnCode,
      stdout: shellValue(kept.stdout, isText || kept.stdoutCutBytes > 0),
      stderr: shellValue(kept.stderr, isText || kept.stderrCutBytes > 0),
      ...(message !== undefined && { error: message }),
      ...(end.signal !== undefined && !end.stopped && { signal: end.signal }),
      ...cutNote(kept),
    },
  };
}

/** Says what of long output the result does not hold; absent where it holds all. */
export function cutNote(kept: KeptOutput): { cut_bytes?: { stdout: number; stderr: number } } {
  return kept.stdoutCutBytes + kept.stderrCutBytes === 0
    ? {}
    : { cut_bytes: { stdout: kept.stdoutCutBytes, stderr: kept.stderrCutBytes } };
}
