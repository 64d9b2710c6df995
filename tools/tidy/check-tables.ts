/** Tables that must stay the only one of their kind: error codes, statuses of an execution; exact versions of packages. */
import { isObject } from '../../src/base/json.ts';
import { hasReason } from './check-code.ts';
import { isTest } from './check-imports.ts';
import type { TextFile } from './check-text.ts';
import type { Finding } from './finding.ts';
import { lineAt, type SourceText } from './source-text.ts';

const errorTablePath = 'src/base/errors.ts';
const statusTablePath = 'src/core/model/execution-status.ts';

/** Codes that are thrown but not in the table, and codes in the table that nothing uses. */
export function checkErrorCodes(sources: readonly SourceText[]): Finding[] {
  const table = sources.find(({ path }) => path === errorTablePath);
  if (!table) return [];
  const start = table.text.indexOf('errorTable = {');
  const body = table.text.slice(start, table.text.indexOf('} as const', start));
  const lineOfCode = new Map(
    [...body.matchAll(/^ {2}(\w+): \{/gm)].map((match) => [match[1] ?? '', lineAt(table.text, start + match.index)]),
  );
  const findings: Finding[] = [];
  const used = new Set<string>();
  for (const source of sources) {
    if (source.path === errorTablePath || isTest(source.path) || !source.path.startsWith('src/')) continue;
    for (const [, word = ''] of source.text.matchAll(/['"](\w+)['"]/g)) used.add(word);
    for (const match of source.text.matchAll(/\bnew Fault\(\s*['"](\w+)['"]/g)) {
      const code = match[1] ?? '';
      if (lineOfCode.has(code)) continue;
      findings.push({
        path: source.path,
        line: lineAt(source.text, match.index),
        message: `error code "${code}" is not in ${errorTablePath}`,
      });
    }
  }
  for (const [code, line] of lineOfCode) {
    if (!used.has(code)) findings.push({ path: errorTablePath, line, message: `error code "${code}" is used nowhere` });
  }
  return findings;
}

/** Three statuses in one list outside their table: a second list that will be forgotten when a status is added. */
export function checkStatusLists(source: SourceText): Finding[] {
  if (source.path === statusTablePath || isTest(source.path) || !/^(?:src|web)\//.test(source.path)) return [];
  const status =
    '(?:requested|delayed|scheduled|running|pausing|paused|resuming|pending|canceling|succeeded|failed|timeout|canceled|abandoned)';
  const list = new RegExp(`\\[\\s*(?:['"]${status}['"]\\s*,?\\s*){3,}\\]`, 'g');
  return [...source.text.matchAll(list)]
    .map((match) => lineAt(source.text, match.index))
    .filter((line) => !hasReason(source, line))
    .map((line) => ({
      path: source.path,
      line,
      message: `a list of statuses: ask a named question of ${statusTablePath} instead, or say on this line why not`,
    }));
}

/** Versions are exact, so that what was tested is what is installed. */
export function checkVersions(file: TextFile): Finding[] {
  if (!/(?:^|\/)package\.json$/.test(file.path)) return [];
  const manifest: unknown = JSON.parse(file.text);
  const findings: Finding[] = [];
  for (const section of ['dependencies', 'devDependencies']) {
    const versions = isObject(manifest) ? manifest[section] : undefined;
    for (const [name, version] of Object.entries(isObject(versions) ? versions : {})) {
      if (/^\d/.test(String(version))) continue;
      const line = lineAt(file.text, file.text.indexOf(`"${name}":`));
      findings.push({ path: file.path, line, message: `${name}: give the exact version, not ${version}` });
    }
  }
  return findings;
}
