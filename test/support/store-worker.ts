/** The bundled database worker that SQLite stores under test start: threads cannot load TypeScript on Node 20. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
let built: Promise<URL> | undefined;

/** Brings `dist/store-worker.js` up to date, once per test file; does nothing where it is. */
export function storeWorker(): Promise<URL> {
  built ??= promisify(execFile)(process.execPath, ['tools/build.mjs', 'store-worker'], { cwd: root }).then(() =>
    pathToFileURL(join(root, 'dist/store-worker.js')),
  );
  return built;
}
