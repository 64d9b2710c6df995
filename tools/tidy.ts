/** `npm run tidy`: holds every file of the repository against the rules of the house (tools/tidy/house.ts). */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printFinding } from './tidy/finding.ts';
import { tidy } from './tidy/tidy.ts';

const skipped = new Set([
  'node_modules',
  'dist',
  '.git',
  '.build',
  'coverage',
  '__pycache__',
  'package-lock.json',
  'LICENSE',
]);
/** Larger files are data, not text that somebody wrote. */
const textBytesMax = 1_000_000;

function* filesUnder(folder: string): Generator<string> {
  for (const item of readdirSync(folder || '.', { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (skipped.has(item.name)) continue;
    if (item.isDirectory()) yield* filesUnder(path);
    else if (item.isFile() && statSync(path).size <= textBytesMax) yield path;
  }
}

const files = [...filesUnder('')].flatMap((path) => {
  const bytes = readFileSync(path);
  return bytes.includes(0) ? [] : [{ path, text: bytes.toString('utf8') }];
});
const findings = tidy(files, existsSync);
for (const finding of findings) process.stdout.write(`${printFinding(finding)}\n`);
process.stdout.write(`${files.length} files, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
