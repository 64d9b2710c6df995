/** A pool for one test, and a command over it from beginning to end. */
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { SshEnd } from '../../src/runners/remote/ssh/ssh-channel.ts';
import { type SshLease, SshPool, type SshPoolOptions } from '../../src/runners/remote/ssh/ssh-pool.ts';

/** Keeps its own known hosts beside the files of the test. */
export function poolIn(directory: string, options: Partial<SshPoolOptions> = {}): SshPool {
  return new SshPool({ knownHostsPath: join(directory, 'own_known_hosts'), clock: systemClock, ...options });
}

/** What it printed and how it ended. */
export async function runOver(
  lease: SshLease,
  command: string,
  input?: string,
): Promise<SshEnd & { stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const channel = await lease.exec(command, {
    onStdout: (bytes) => {
      stdout += Buffer.from(bytes).toString();
    },
    onStderr: (bytes) => {
      stderr += Buffer.from(bytes).toString();
    },
  });
  if (input !== undefined) await channel.write(input);
  channel.end();
  return { ...(await channel.closed), stdout, stderr };
}

/** For calls that nobody gives up. */
export const never = new AbortController().signal;
