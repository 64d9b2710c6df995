/**
 * Looking at files that are nobody's promise: what is not there, what another user keeps to himself and what is no path
 * at all are the same to who only wants to know whether something is of use.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';

const unseen = ['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG'];

export function statIfSeen(path: string): Stats | undefined {
  // What is not there is the usual, and an error that is thrown would cost more than the look.
  return unlessUnseen(() => statSync(path, { throwIfNoEntry: false }));
}

export function readIfSeen(path: string): string | undefined {
  return unlessUnseen(() => readFileSync(path, 'utf8'));
}

function unlessUnseen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (unseen.includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
