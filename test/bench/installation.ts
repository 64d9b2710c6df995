/**
 * The product as it was built when the run began, in a directory of its own: somebody may build again meanwhile, and
 * what is measured must be one program from the first figure to the last.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Installation extends Disposable {
  readonly path: string;
}

export function copyInstallation(): Installation {
  execFileSync(process.execPath, ['tools/build.mjs', 'server', 'store-worker'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const path = mkdtempSync(join(tmpdir(), 'stormtail-bench-'));
  for (const name of ['bin', 'dist', 'packs', 'python', 'package.json'])
    cpSync(name, join(path, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(path, 'node_modules'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
