/** Giving a part of a file back to the disk, by the program `fallocate` of util-linux: Node has no call for it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The bytes read as zeros then; the file keeps its length. Rejects where program or file system cannot do that. */
export async function punchHole(path: string, start: number, length: number): Promise<void> {
  await run('fallocate', ['--punch-hole', '--offset', String(start), '--length', String(length), path]);
}
