// Runs one of the project's own TypeScript programs (tools, benchmarks, conformance runners): bundles it into .build/
// and imports it. Node 20 cannot run TypeScript by itself. Usage: node tools/run.mjs tools/tidy.ts [arguments]
import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [entry, ...rest] = process.argv.slice(2);
if (!entry) {
  process.stderr.write('usage: node tools/run.mjs FILE.ts [arguments]\n');
  process.exit(2);
}
const source = resolve(entry);
mkdirSync(join(root, '.build'), { recursive: true });
// The process id keeps two runs of the same program apart.
const program = `${basename(dirname(source))}-${basename(source).replace(/\.ts$/, '')}-${process.pid}.mjs`;
const outfile = join(root, '.build', program);
process.on('exit', () => rmSync(outfile, { force: true }));
await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'inline',
  logLevel: 'warning',
});
process.argv = [process.argv[0], source, ...rest];
await import(pathToFileURL(outfile).href);
