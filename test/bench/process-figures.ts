/** What the system says of a process: processor time and memory, from /proc. */
import { readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ: the unit of times in /proc/<pid>/stat, fixed at 100 for programs on Linux. */
const ticksPerSecond = 100;

/** Processor seconds of all threads so far, in user and kernel mode; of processes it started nothing. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command in parentheses may hold spaces; fields are counted behind it. 14 and 15 of proc(5) are 11 and 12 here.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory at this moment. */
export function rssBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** Most resident memory since the start of the process, or since `forgetPeak`. The kernel keeps it: no sample is missed. */
export function peakRssBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function statusBytes(pid: number, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (!found) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(found[1]) * 1024;
}
