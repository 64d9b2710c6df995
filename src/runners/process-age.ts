/** How long a process has been running, whatever was done to the clock meanwhile. */
import { uptime } from 'node:os';
import { processEntry } from './local/process-table.ts';

/** Undefined where there is no such process, or this system does not tell. */
export function processAgeMs(pid: number): number | undefined {
  const entry = processEntry(pid);
  if (!entry) return undefined;
  const ageMs = uptime() * 1000 - entry.startedAfterMs;
  // In some containers one of the two counts from the start of the container and the other from that of the machine.
  return ageMs >= 0 ? ageMs : undefined;
}
