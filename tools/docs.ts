/** Writes the documentation pages that are printed from tables: npm run docs. A test fails while one is out of date. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { printedPages } from './pages/printed-pages.ts';

for (const [path, text] of Object.entries(printedPages())) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}
