/** What the results of all hosts mean together (spec/executions.md §8.3). */
import type { Outcome } from '../runner.ts';
import type { HostResult } from './host-result.ts';

export interface HostAnswer {
  /** In the result. */
  readonly key: string;
  readonly isConnected: boolean;
  readonly result: HostResult;
}

/**
 * Succeeded where all hosts did, or with `allowPartialFailure` any; timed out where every host that failed did so for want of
 * time; else failed. Where no host was reached at all, the result says so as StackStorm does, beside the hosts.
 */
export function runOutcome(answers: readonly HostAnswer[], allowPartialFailure: boolean): Outcome {
  const hosts = Object.fromEntries(answers.map(({ key, result }) => [key, result]));
  const failures = answers.filter(({ result }) => result.failed);
  if (failures.length === 0 || (allowPartialFailure && failures.length < answers.length))
    return { status: 'succeeded', result: hosts };
  if (!answers.some(({ isConnected }) => isConnected)) {
    const names = answers.map(({ key }) => `'${key}'`).join(', ');
    const error = `Unable to connect to any one of the hosts: [${names}].\n\n connect_errors=${JSON.stringify(hosts, null, 2)}`;
    return { status: 'failed', result: { ...hosts, error, traceback: '' } };
  }
  const isTimeout = failures.every(({ result }) => result.timeout === true);
  return { status: isTimeout ? 'timeout' : 'failed', result: hosts };
}
