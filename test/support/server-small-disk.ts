/** A small disk that a test can fill. Only root can mount one: elsewhere such a test is left out, and says so. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
}

const run = promisify(execFile);

/** Mounts `size` (as mount(8) takes it) of memory on a directory. */
export async function smallDisk(path: string, size: string): Promise<SmallDisk> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      // Lazy: a process that was just killed may still be on its way out of it.
      await run('umount', ['-l', path]);
    },
  };
}

/** Takes all the room there is. */
export function fillDisk(path: string): void {
  const piece = Buffer.alloc(4096);
  try {
    for (;;) writeFileSync(path, piece, { flag: 'a' });
  } catch {
    // Full: that was the aim.
  }
}

/** On a developer's machine a test may be left out, with its reason; where everything counts it may not. */
export function leaveOut(context: { skip: (note?: string) => void }, reason: string): void {
  if (process.env['CI'] === 'true') throw new Error(`cannot be left out here: ${reason}`);
  console.warn(`left out: ${reason}`);
  context.skip(reason);
}
