/** What one host has in the result: how it ended, in the form of StackStorm (spec/executions.md §7, §8.3). */
import { signalNumber } from '../local/signals.ts';
import type { StopReason } from '../process.ts';
import { isSudoRefusal, shellValue, sudoRefusal } from '../shell-output.ts';
import type { HeadAndTail } from './head-and-tail.ts';

export interface HostResult {
  readonly failed: boolean;
  readonly succeeded: boolean;
  /** Of the command; -9 where its time was over, 255 where there is none. */
  readonly return_code: number;
  readonly stdout: unknown;
  readonly stderr: unknown;
  /** With `error` and `traceback`, where it ended otherwise than by itself. */
  readonly timeout?: boolean;
  readonly error?: string;
  readonly traceback?: string;
  readonly cut_bytes?: { readonly stdout: number; readonly stderr: number };
}

/** How it came to an end on one host. */
export type HostEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  /** By us; `note` where it could not be made sure that nothing of it goes on. */
  | { readonly kind: 'stopped'; readonly reason: StopReason; readonly note?: string }
  /** It could not be begun or not be followed to its end. */
  | { readonly kind: 'failed'; readonly during: 'connecting' | 'copying' | 'running'; readonly message: string };

export interface HostOutput {
  readonly stdout: HeadAndTail;
  readonly stderr: HeadAndTail;
}

export interface HostFacts {
  readonly host: string;
  /** User on that host. */
  readonly user: string;
  readonly timeoutMs: number;
  /** Output is text even where it looks like JSON. */
  readonly isRaw: boolean;
}

export function hostResult(end: HostEnd, output: HostOutput, facts: HostFacts): HostResult {
  const stdout = output.stdout.text();
  const stderr = output.stderr.text();
  const isCut = stdout.cutBytes + stderr.cutBytes > 0;
  const texts = {
    stdout: shellValue(stdout.text, facts.isRaw || stdout.cutBytes > 0),
    stderr: shellValue(stderr.text, facts.isRaw || stderr.cutBytes > 0),
    ...(isCut && { cut_bytes: { stdout: stdout.cutBytes, stderr: stderr.cutBytes } }),
  };
  if (end.kind === 'exited') {
    const succeeded = end.code === 0;
    const isRefused = !succeeded && isSudoRefusal(stderr.text);
    return {
      failed: !succeeded,
      succeeded,
      return_code: end.code,
      ...texts,
      ...(isRefused && problem(sudoRefusal(facts.user))),
    };
  }
  return {
    failed: true,
    succeeded: false,
    return_code: codeOf(end),
    ...texts,
    ...problem(messageOf(end, facts), end.kind === 'stopped' && end.reason === 'timeout'),
  };
}

function problem(error: string, timeout = false): Pick<HostResult, 'timeout' | 'error' | 'traceback'> {
  // Where in our own code it was found helps nobody whose host is down.
  return { timeout, error, traceback: '' };
}

function codeOf(end: Exclude<HostEnd, { kind: 'exited' }>): number {
  if (end.kind === 'killed') return -signalNumber(end.signal);
  return end.kind === 'stopped' && end.reason === 'timeout' ? -9 : 255;
}

function messageOf(end: Exclude<HostEnd, { kind: 'exited' }>, { host, timeoutMs }: HostFacts): string {
  if (end.kind === 'killed') return `Failed executing command on host "${host}". It was ended there by ${end.signal}`;
  if (end.kind === 'failed') {
    const begin = {
      connecting: `Failed connecting to host ${host}.`,
      copying: `Failed sending file(s) to host ${host}.`,
      running: `Failed executing command on host "${host}".`,
    }[end.during];
    return `${begin} ${end.message}`;
  }
  const note = end.note === undefined ? '' : `; ${end.note}`;
  switch (end.reason) {
    case 'timeout':
      return `Failed executing command on host "${host}". Command didn't finish in ${timeoutMs / 1000} seconds${note}`;
    case 'cancel':
      return `canceled${note}`;
    case 'storage_full':
      return `stopped because the disk that keeps the output is full; output after that point is lost${note}`;
    default:
      throw end.reason satisfies never;
  }
}
