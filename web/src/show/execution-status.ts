/** How each status is shown, and what can be done in it. The moves between statuses are the server's business. */
import type { ExecutionStatus } from '../server/types.ts';

/** A tone is a colour; the icon says the same without colour. */
export type StatusTone = 'good' | 'bad' | 'busy' | 'waiting' | 'stopped';

interface StatusRow {
  readonly tone: StatusTone;
  readonly icon: 'check' | 'cross' | 'clock' | 'ring' | 'play' | 'pause' | 'stop' | 'question';
  readonly isFinal: boolean;
}

export const executionStatuses = {
  requested: { tone: 'waiting', icon: 'ring', isFinal: false },
  delayed: { tone: 'waiting', icon: 'clock', isFinal: false },
  scheduled: { tone: 'waiting', icon: 'ring', isFinal: false },
  running: { tone: 'busy', icon: 'play', isFinal: false },
  pausing: { tone: 'waiting', icon: 'pause', isFinal: false },
  paused: { tone: 'waiting', icon: 'pause', isFinal: false },
  resuming: { tone: 'busy', icon: 'play', isFinal: false },
  pending: { tone: 'waiting', icon: 'question', isFinal: false },
  canceling: { tone: 'stopped', icon: 'stop', isFinal: false },
  succeeded: { tone: 'good', icon: 'check', isFinal: true },
  failed: { tone: 'bad', icon: 'cross', isFinal: true },
  timeout: { tone: 'bad', icon: 'clock', isFinal: true },
  canceled: { tone: 'stopped', icon: 'stop', isFinal: true },
  abandoned: { tone: 'bad', icon: 'question', isFinal: true },
} as const satisfies Record<ExecutionStatus, StatusRow>;

export function isFinal(status: ExecutionStatus): boolean {
  return executionStatuses[status].isFinal;
}

export function canCancel(status: ExecutionStatus): boolean {
  return !isFinal(status) && status !== 'canceling';
}

/** Undefined for a text that is no status. */
export function statusFromText(text: string): ExecutionStatus | undefined {
  return Object.hasOwn(executionStatuses, text) ? (text as ExecutionStatus) : undefined; // it is a key of the table
}
