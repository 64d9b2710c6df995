/** Which directories are packs: those with a `pack.yaml`, the first base path winning (spec/packs.md §1). */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../base/errors.ts';
import { type Diagnostic, wholeFile } from './diagnostic.ts';

export interface FoundPacks {
  /** Absolute, in the order of base paths, then of names. */
  readonly directories: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A base path that cannot be read is an error among the diagnostics; the others are searched all the same. */
export async function findPacks(basePaths: readonly string[]): Promise<FoundPacks> {
  const found = new Map<string, string>();
  const diagnostics: Diagnostic[] = [];
  for (const basePath of basePaths) {
    const listed = await listDirectories(basePath);
    if (listed.problem !== undefined)
      diagnostics.push(
        wholeFile({ pack: '', file: basePath }, 'error', `the packs directory ${basePath} ${listed.problem}`),
      );
    for (const name of listed.names) {
      const directory = join(basePath, name);
      const first = found.get(name);
      if (!(await isFile(join(directory, 'pack.yaml'))))
        diagnostics.push(
          wholeFile({ pack: name, file: '' }, 'warning', `${directory} has no pack.yaml and is left out`),
        );
      else if (first === undefined) found.set(name, directory);
      else
        diagnostics.push(
          wholeFile({ pack: name, file: '' }, 'warning', `${directory} is left out: ${first} comes first`),
        );
    }
  }
  return { directories: [...found.values()], diagnostics };
}

/** Links to directories count. Hidden ones and Python's caches are nobody's packs. */
async function listDirectories(basePath: string): Promise<{ names: readonly string[]; problem?: string }> {
  try {
    const names: string[] = [];
    for (const name of (await readdir(basePath)).sort())
      if (!name.startsWith('.') && name !== '__pycache__' && (await isDirectory(join(basePath, name))))
        names.push(name);
    return { names };
  } catch (error) {
    const why = systemCode(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
    return { names: [], problem: why };
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await statOrNothing(path))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await statOrNothing(path))?.isFile() ?? false;
}

async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined; // gone, a link to nowhere, or not for us to see: not a pack
  }
}
