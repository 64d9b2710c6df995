/** Where an action's script is: under the pack's `actions/`, never outside the pack. */
import { chmodSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { Fault, systemCode } from '../../base/errors.ts';

/** Absolute path of an entry point. Fault `start_failed` where it is missing or leads out of the pack, links included. */
export function entryPointPath(
  packPath: string,
  action: { readonly ref: string; readonly entry_point: string },
): string {
  const { ref, entry_point: entryPoint } = action;
  if (entryPoint === '')
    throw new Fault('start_failed', `action ${ref}: its runner needs an entry_point, and none is set`);
  const path = isAbsolute(entryPoint) ? entryPoint : join(packPath, 'actions', entryPoint);
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    throw new Fault('start_failed', `action ${ref}: entry point "${entryPoint}" does not exist (looked for ${path})`, {
      cause: error,
    });
  }
  const inside = relative(realpathSync(packPath), real);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
    throw new Fault('start_failed', `action ${ref}: entry point "${entryPoint}" is outside its pack ${packPath}`);
  }
  return path;
}

/** Scripts come out of archives and editors without the executable bit; a read-only file system is left as it is. */
export function makeExecutable(path: string): void {
  const { mode } = statSync(path);
  if ((mode & 0o111) !== 0) return;
  try {
    chmodSync(path, mode | 0o755);
  } catch (error) {
    if (!['EROFS', 'EPERM', 'EACCES'].includes(systemCode(error) ?? '')) throw error;
  }
}
