/**
 * The files of registered packs, as clients may read them: only regular files inside the pack's directory, also after
 * symbolic links are followed, and only up to a size (spec/packs.md §11).
 */
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { Fault, systemCode } from '../base/errors.ts';
import type { Pack } from '../core/model/pack.ts';

/** StackStorm's limit for what its API shows of a file. */
const fileBytesMax = 500_000;

export interface PackFile {
  readonly bytes: Buffer;
  readonly modifiedMs: number;
}

/** `path` is relative to the pack. `invalid_input` outside of it or too large, `not_found` where there is no such file. */
export async function readPackFile(pack: Pack, path: string): Promise<PackFile> {
  if (path === '' || isAbsolute(path) || path.includes('\0') || normalize(path) !== path || path.startsWith('..'))
    throw new Fault(
      'invalid_input',
      `Invalid file path: "${path}". File path needs to be relative to the pack directory (${pack.path}). For example "actions/my_action.py".`,
    );
  const file = await readInside(pack.path, join(pack.path, path), path);
  if (file === 'too large')
    throw new Fault('invalid_input', `File ${path} exceeds maximum allowed file size (${fileBytesMax} bytes)`);
  return file;
}

/** The pack's text files; those that are too large, binary, or gone since registration are left out. */
export async function packTextFiles(pack: Pack): Promise<{ file_path: string; content: string }[]> {
  const files: { file_path: string; content: string }[] = [];
  // One after the other: a pack with a thousand files must not take a thousand descriptors.
  for (const path of pack.files) {
    const file = await readIfThere(pack, path);
    if (file !== undefined && isText(file)) files.push({ file_path: path, content: file.toString('utf8') });
  }
  return files;
}

/** The entry point of an action: relative to the pack's `actions/`, or absolute inside the pack. */
export async function readEntryPoint(pack: Pack, entryPoint: string): Promise<Buffer> {
  const path = isAbsolute(entryPoint) ? entryPoint : join(pack.path, 'actions', entryPoint);
  const file = await readInside(pack.path, path, entryPoint);
  if (file === 'too large')
    throw new Fault('invalid_input', `File ${entryPoint} exceeds maximum allowed file size (${fileBytesMax} bytes)`);
  return file.bytes;
}

async function readIfThere(pack: Pack, path: string): Promise<Buffer | undefined> {
  try {
    const file = await readInside(pack.path, join(pack.path, path), path);
    return file === 'too large' ? undefined : file.bytes;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

async function readInside(root: string, path: string, shown: string): Promise<PackFile | 'too large'> {
  try {
    const [realRoot, realPath] = await Promise.all([realpath(root), realpath(path)]);
    if (!realPath.startsWith(realRoot + sep)) throw new Fault('not_found', `File "${shown}" not found`);
    await using file = await open(realPath, 'r');
    const stat = await file.stat();
    if (!stat.isFile()) throw new Fault('not_found', `File "${shown}" not found`);
    if (stat.size > fileBytesMax) return 'too large';
    return { bytes: await file.readFile(), modifiedMs: stat.mtimeMs };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error) ?? ''))
      throw new Fault('not_found', `File "${shown}" not found`, { cause: error });
    throw error;
  }
}

/** As the original tells: no NUL and no byte order mark in the first kilobyte. */
function isText(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 1024);
  const marks = ['efbbbf', 'feff', 'fffe'];
  return !head.includes(0) && !marks.some((mark) => head.toString('hex', 0, 3).startsWith(mark));
}
