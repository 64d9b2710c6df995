/** What a process may use: the runner parameter `limits`, item by item over the settings `limit_*`. Zero is no limit. */
import { isObject } from '../../base/json.ts';
import type { ProcessLimits, ProcessPlan } from '../process.ts';
import type { RunRequest } from '../runner.ts';

const items = {
  file_bytes: 'fileBytesMax',
  processes: 'processesMax',
  cpu_seconds: 'cpuSecondsMax',
  memory_bytes: 'memoryBytesMax',
  open_files: 'openFilesMax',
} as const satisfies Record<string, keyof ProcessLimits>;

/** Nothing where there is no limit at all, as usual: then a start has one thing less to do. */
export function limitsPlan(
  { runnerParameters }: Pick<RunRequest, 'runnerParameters'>,
  settings: ProcessLimits | undefined,
): Pick<ProcessPlan, 'limits'> {
  const wished = isObject(runnerParameters.limits) ? runnerParameters.limits : {};
  const limits: { -readonly [Name in keyof ProcessLimits]: number } = {};
  for (const [item, name] of Object.entries(items)) {
    const wish = wished[item];
    const limit = typeof wish === 'number' ? wish : settings?.[name];
    if (limit !== undefined && limit > 0) limits[name] = limit;
  }
  return Object.keys(limits).length === 0 ? {} : { limits };
}
