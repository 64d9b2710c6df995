/** What any text file of the repository may hold: no paths of one machine, and no links or paths that lead nowhere. */
import { posix } from 'node:path';
import { isTest } from './check-imports.ts';
import type { Finding } from './finding.ts';

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Home folders are those of the examples in the documentation (`stanley` is StackStorm's own system user). */
const machinePath = /(?<![\w.$}>])\/(?:work|root|Users|home\/(?!stanley\b|you\b))\/?[a-z]/;
const repositoryPath = /^(?:src|docs|test|tools|web|python|packs|bin)\/[\w./@-]*$/;

export function checkText(file: TextFile, exists: (path: string) => boolean): Finding[] {
  const findings: Finding[] = [];
  let inFence = false;
  for (const [index, line] of file.text.split('\n').entries()) {
    const report = (message: string) => findings.push({ path: file.path, line: index + 1, message });
    const machine = machinePath.exec(line);
    if (machine) report(`path of one machine: ${machine[0]}…`);
    if (!file.path.endsWith('.md')) {
      // Tests make up names of files that are not there.
      if (isTest(file.path)) continue;
      for (const [mention] of line.matchAll(/(?<![\w/.])docs\/[\w/-]+\.md\b/g)) {
        if (!exists(mention)) report(`${mention} does not exist`);
      }
      continue;
    }
    if (line.startsWith('```')) inFence = !inFence;
    if (inFence) continue;
    for (const [, target = ''] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(?:[a-z]+:|#)/.test(target)) continue;
      const path = posix.join(posix.dirname(file.path), target.split('#')[0] ?? '');
      if (!exists(path)) report(`link to ${target}, which does not exist`);
    }
    for (const [, mention = ''] of line.matchAll(/`([^`\s]+)`/g)) {
      if (repositoryPath.test(mention) && !exists(mention.replace(/\/$/, ''))) report(`${mention} does not exist`);
    }
  }
  return findings;
}
