/** Whether an action's entry point can be run: inside the pack, and there (spec/packs.md §1). */
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, sep } from 'node:path';
import { messageOf, systemCode } from '../base/errors.ts';
import type { Action } from '../core/model/action.ts';
import { type ContentProblem, errorAt, warningAt } from '../core/model/content-problem.ts';

const path = ['entry_point'];

/** Runners that run a file of the pack. */
const fileRunners = ['local-shell-script', 'python-script'];

/**
 * Leaving the pack is an error. A file that is not there is a warning, as StackStorm registers such actions, too, and
 * some packs make the file later.
 */
export async function entryPointProblems(
  packDirectory: string,
  action: Pick<Action, 'entry_point' | 'runner_type'>,
): Promise<ContentProblem[]> {
  const { entry_point: entryPoint, runner_type: runner } = action;
  const needsFile = fileRunners.includes(runner);
  if (entryPoint === '')
    return needsFile ? [warningAt([], `the runner ${runner} needs an entry_point, and none is given`)] : [];
  if (runner === 'local-shell-cmd')
    return [
      warningAt(
        path,
        'the runner local-shell-cmd runs no file: the action will be refused; did you mean local-shell-script?',
      ),
    ];
  if (!needsFile) return [];
  if (normalize(entryPoint) !== entryPoint || entryPoint.startsWith('..'))
    return [errorAt(path, `"${entryPoint}" must be a plain path under actions/, without "..", "." or "//"`)];
  return filesystemProblems(packDirectory, entryPoint);
}

async function filesystemProblems(packDirectory: string, entryPoint: string): Promise<ContentProblem[]> {
  const file = isAbsolute(entryPoint) ? entryPoint : join(packDirectory, 'actions', entryPoint);
  try {
    // Links are followed: one that leads out of the pack is as good as an absolute path out of it.
    if (isInside(await realpath(packDirectory), await realpath(file))) return [];
    return [errorAt(path, `"${entryPoint}" is outside the pack`)];
  } catch (error) {
    if (!isInside(packDirectory, file)) return [errorAt(path, `"${entryPoint}" is outside the pack`)];
    const isMissing = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';
    const why = isMissing ? 'does not exist in actions/' : `cannot be reached: ${messageOf(error)}`;
    return [warningAt(path, `the file "${entryPoint}" ${why}`)];
  }
}

function isInside(directory: string, file: string): boolean {
  const way = relative(directory, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
