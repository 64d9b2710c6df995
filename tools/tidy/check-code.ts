/** What a source file says: banned calls, purity, types without a reason, silent catches, unfinished work, its head. */
import { isTest } from './check-imports.ts';
import type { Finding } from './finding.ts';
import { bannedCalls, bannedFileNames, bannedInTests, impure, linesMax, pureFolders } from './house.ts';
import { lineAt, type SourceText } from './source-text.ts';

export function checkCode(source: SourceText): Finding[] {
  const { path, code } = source;
  const findings: Finding[] = [];
  const report = (line: number, message: string) => findings.push({ path, line, message });
  const lines = source.text.split('\n');

  for (const call of bannedCalls) {
    if (isTest(path) && !bannedInTests.includes(call.pattern)) continue;
    if (!call.folders.some((folder) => path.startsWith(`${folder}/`))) continue;
    if (call.except.some((place) => path === place || path.startsWith(`${place}/`))) continue;
    for (const line of linesMatching(code, call.pattern)) report(line, `banned call: ${call.instead}`);
  }

  if (!isTest(path) && pureFolders.some((folder) => path.startsWith(`src/${folder}/`))) {
    for (const { pattern, what } of impure) {
      for (const line of linesMatching(code, pattern)) report(line, `${what}, and ${path.split('/')[1]} is pure`);
    }
  }

  for (const line of linesMatching(code, /\bas any\b|:\s*any\b|<any\b|\bany\[\]/)) {
    if (!hasReason(source, line)) report(line, '`any` needs a reason on the same line');
  }
  for (const { line, text } of source.comments) {
    const ignore = /@ts-(ignore|nocheck|expect-error)\b(.*)/.exec(text);
    if (ignore?.[1] === 'nocheck') report(line, '@ts-nocheck turns every check off: mend the file');
    else if (ignore && !/\w/.test(ignore[2] ?? '')) report(line, `@ts-${ignore[1]} needs a reason behind it`);
    const unfinished = /\b(TODO|FIXME|XXX|HACK)\b(?!\s*\(#\d+\))/.exec(text);
    if (unfinished) report(line, `${unfinished[1]} without an issue: write \`${unfinished[1]} (#12)\`, or finish it`);
  }

  for (const match of code.matchAll(/\bcatch\s*(?:\([^)]*\)\s*)?\{(\s*)\}/g)) {
    const start = match.index + match[0].length - 1 - (match[1] ?? '').length;
    const inside = source.text.slice(start, match.index + match[0].length - 1);
    if (inside.trim() === '')
      report(lineAt(code, match.index), 'empty catch: handle a named kind, or say why nothing is to be done');
  }

  if (bannedFileNames.test(path)) report(1, 'the name says nothing: name the file by what it is for');
  if (lines.length > linesMax && !source.comments.some(({ text }) => /Long on purpose: \w/.test(text))) {
    report(linesMax, `${lines.length} lines: part it, or say \`Long on purpose: …\` in the opening comment`);
  }
  if (path.startsWith('src/') && !isTest(path) && !/^(?:\/\*|\/\/|#!)/.test(source.text)) {
    report(1, 'begin with a comment that says what the file is for');
  }
  return findings;
}

function linesMatching(code: string, pattern: RegExp): number[] {
  return code.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

/** A comment that begins on this line and says something. */
export function hasReason(source: SourceText, line: number): boolean {
  return source.comments.some((comment) => comment.line === line && /\w{2}/.test(comment.text));
}
