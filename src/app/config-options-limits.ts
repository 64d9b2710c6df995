/** What local actions may use where they name no limits, in `[actionrunner]`: part of the table in `config-options.ts`. */
import type { OptionRow } from './config-options.ts';

const limit = { type: 'integer', default: 0, min: 0, since: '0.1.0' } as const;
const says = (what: string) => `${what}, where the action names no \`limits\`; 0 is no limit.`;

export const limitOptions = {
  limit_file_bytes: { ...limit, unit: 'bytes', description: says('Length of any file, output included') },
  limit_processes: { ...limit, description: says('Processes of the user of local actions, all together') },
  limit_cpu_seconds: { ...limit, unit: 's', description: says('Processor time of a process of a local action') },
  limit_memory_bytes: { ...limit, unit: 'bytes', description: says('Address space of a process') },
  limit_open_files: { ...limit, description: says('Open files of a process') },
} as const satisfies Record<string, OptionRow>;
