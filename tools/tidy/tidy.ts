/** All checks over a set of files, by path from the root of the repository. Reads nothing itself, so tests hand it files. */
import { checkCode } from './check-code.ts';
import { checkImports } from './check-imports.ts';
import { checkErrorCodes, checkStatusLists, checkVersions } from './check-tables.ts';
import { checkText, type TextFile } from './check-text.ts';
import type { Finding } from './finding.ts';
import { readSource } from './source-text.ts';

const sourceName = /\.(?:ts|tsx|mjs)$/;

/** @param exists whether a file or folder is there, by path from the root */
export function tidy(files: readonly TextFile[], exists: (path: string) => boolean): Finding[] {
  const sources = files.filter(({ path }) => sourceName.test(path)).map(({ path, text }) => readSource(path, text));
  return [
    ...checkImports(sources),
    ...sources.flatMap(checkCode),
    ...sources.flatMap(checkStatusLists),
    ...checkErrorCodes(sources),
    ...files.flatMap((file) => checkText(file, exists)),
    ...files.flatMap(checkVersions),
  ].sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}
