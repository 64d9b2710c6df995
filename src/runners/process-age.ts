/** How long a process has been running, whatever was done to the clock meanwhile. */
import { uptime } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Execution } from '../core/model/execution.ts';
import { processEntry } from './local/process-table.ts';

/**
 * Of an adopted process: its timeout counts across a restart of the server. By the system's table of processes, which no
 * setting of the clock changes; where that does not tell, by the time of day.
 */
export function processAgeMs(pid: number, execution: Pick<Execution, 'log' | 'start_us'>, clock: Clock): number {
  const entry = processEntry(pid);
  const ageMs = entry ? uptime() * 1000 - entry.startedAfterMs : -1;
  // In some containers one of the two counts from the start of the container and the other from that of the machine.
  if (ageMs >= 0) return ageMs;
  const running = execution.log.findLast((step) => step.status === 'running');
  const startedUs = running ? Date.parse(running.timestamp) * 1000 : execution.start_us;
  return Math.max(0, clock.nowUs() - startedUs) / 1000;
}
