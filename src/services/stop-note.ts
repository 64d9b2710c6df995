/**
 * Why the server stopped a process, noted beside its output before the first signal: a server that dies between the signal and
 * the final status would leave an end that looks like somebody else's doing. A cancel needs no note, its status says it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import type { StopReason } from '../runners/process.ts';

const name = 'stopped';

export function noteStop(directory: string, reason: StopReason): void {
  if (reason === 'cancel') return;
  try {
    writeFileSync(join(directory, name), reason, { mode: 0o600 });
  } catch {
    // The disk may be full, and that may be the reason. The process is stopped all the same.
  }
}

export function readStopNote(directory: string): StopReason | undefined {
  try {
    const text = readFileSync(join(directory, name), 'utf8');
    return text === 'timeout' || text === 'storage_full' ? text : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
