/** A control group with a limit, for tests: the kernel's own, of version 1 or 2. Only root can make one. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './server-wait.ts';

export interface ControlGroup extends AsyncDisposable {
  /** Write a pid into it to put that process, and what it starts, into the group. */
  readonly procsPath: string;
  setLimit(limit: number | 'max'): void;
}

const limitNames = {
  memory: ['memory.max', 'memory.limit_in_bytes'],
  pids: ['pids.max', 'pids.max'],
} as const;
const bases = {
  memory: ['/sys/fs/cgroup', '/sys/fs/cgroup/memory'],
  pids: ['/sys/fs/cgroup', '/sys/fs/cgroup/pids'],
} as const;
let made = 0;

/** Undefined where this machine does not let us. */
export function controlGroup(of: 'memory' | 'pids', limit: number): ControlGroup | undefined {
  for (const [version, base] of bases[of].entries()) {
    const path = join(base, `stormtail-test-${process.pid}-${made++}`);
    const limitPath = join(path, limitNames[of][version] ?? '');
    try {
      mkdirSync(path);
    } catch {
      continue; // not ours to make
    }
    if (!existsSync(limitPath)) {
      rmdirSync(path);
      continue;
    }
    const procsPath = join(path, 'cgroup.procs');
    const setLimit = (value: number | 'max') =>
      writeFileSync(limitPath, String(value === 'max' && of === 'memory' && version === 1 ? -1 : value));
    setLimit(limit);
    return {
      procsPath,
      setLimit,
      async [Symbol.asyncDispose]() {
        setLimit('max');
        await until('the group is empty', () => readFileSync(procsPath, 'utf8') === '', 30_000);
        // A moment after its last process is gone.
        await until('the group is gone', () => {
          try {
            rmdirSync(path);
            return true;
          } catch {
            return false;
          }
        });
      },
    };
  }
  return undefined;
}
