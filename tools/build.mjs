// Builds what is run from dist/: the command line, the server, its database worker and the web UI. Plain JavaScript,
// because it has to run on Node 20 before anything is built. Each target is rebuilt only when one of its inputs
// changed; dist/.build.json keeps, per target, a digest of every input file and the outputs that must exist.
// A target's entry is removed before its outputs are touched and written back last, and files are renamed into place,
// so an interrupted build is never taken for a good one. Usage: node tools/build.mjs [--force] [TARGET...]
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { progress } from './progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const statePath = join(dist, '.build.json');

// CommonJS dependencies inside an ES module bundle still ask for `require`, `__filename` and `__dirname`.
const requireBanner = [
  "import { createRequire as createRequire__ } from 'node:module';",
  "import { fileURLToPath as fileURLToPath__ } from 'node:url';",
  "import { dirname as dirname__ } from 'node:path';",
  'const require = createRequire__(import.meta.url);',
  'const __filename = fileURLToPath__(import.meta.url);',
  'const __dirname = dirname__(__filename);',
].join('\n');

const targets = [
  {
    name: 'cli',
    entry: 'src/cli/main.ts',
    // Split, so that a command loads only its own code; white space is taken out because reading it costs start-up time.
    options: {
      entryNames: 'st2',
      chunkNames: 'cli-chunks/[name]-[hash]',
      splitting: true,
      minifyWhitespace: true,
      minifySyntax: true,
    },
    privateFolder: 'cli-chunks',
  },
  { name: 'server', entry: 'src/app/main.ts', options: { entryNames: 'stormtail' } },
  { name: 'store-worker', entry: 'src/store/sqlite/worker.ts', options: { entryNames: 'store-worker' } },
  { name: 'web', entry: 'web/index.html', folders: ['web', 'src/wire', 'src/base'] },
];

/**
 * Brings dist/ up to date. Targets whose entry file does not exist are left out.
 * @param {{ force?: boolean, only?: string[], quiet?: boolean }} [options]
 * @returns {Promise<string[]>} the names of the targets that were rebuilt
 */
export async function build(options = {}) {
  const { force = false, only = [], quiet = false } = options;
  mkdirSync(dist, { recursive: true });
  const stale = [];
  for (const target of targets) {
    if (only.length > 0 && !only.includes(target.name)) continue;
    if (!existsSync(join(root, target.entry))) continue;
    if (force || !isFresh(target, readState()[target.name])) stale.push(target);
  }
  if (stale.length === 0) return [];
  const line = progress(quiet);
  try {
    for (const [index, target] of stale.entries()) {
      line.show(`building ${target.name} (${index + 1} of ${stale.length})`);
      writeState({ [target.name]: undefined });
      // Digests are taken before the build: a file edited during it makes the target stale, never silently old.
      const shared = sharedDigest();
      const built = target.folders ? await buildWeb(target) : await buildBundle(target);
      writeState({ [target.name]: { shared, ...built } });
    }
    line.done(`built ${stale.map((target) => target.name).join(', ')}`);
  } catch (error) {
    line.done();
    throw error;
  }
  return stale.map((target) => target.name);
}

async function buildBundle(target) {
  const before = Date.now();
  const esbuild = await import('esbuild');
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [target.entry],
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The only native dependency, and the compiled parts that ssh2 can do without; node: modules stay outside by themselves.
    external: ['@photostructure/sqlite', 'cpu-features', '*/sshcrypto.node'],
    banner: { js: requireBanner },
    metafile: true,
    write: false,
    logLevel: 'silent',
    keepNames: true,
    legalComments: 'none',
    ...target.options,
  });
  if (result.warnings.length > 0) {
    process.stderr.write((await esbuild.formatMessages(result.warnings, { kind: 'warning' })).join(''));
  }
  const inputs = {};
  for (const name of Object.keys(result.metafile.inputs)) {
    // Installed packages are covered by the digest of package-lock.json.
    if (name.includes('node_modules/') || !existsSync(join(root, name))) continue;
    const path = join(root, name);
    inputs[name] = statSync(path).mtimeMs > before ? 'changed during the build' : digestFile(path);
  }
  // Chunks first, the entry that imports them last: at no moment does the entry name a file that is not there.
  const entryPath = join(dist, `${target.options.entryNames}.js`);
  const files = [...result.outputFiles].sort((a, b) => Number(a.path === entryPath) - Number(b.path === entryPath));
  for (const file of files) writeWhole(file.path, file.contents);
  const outputs = files.map((file) => relative(root, file.path));
  if (target.privateFolder) removeOthers(join(dist, target.privateFolder), outputs);
  return { inputs, outputs };
}

async function buildWeb(target) {
  const inputs = digestFolders(target.folders);
  const vite = await import('vite');
  const fresh = join(dist, `.web-${process.pid}`);
  try {
    await vite.build({
      root: join(root, 'web'),
      logLevel: 'error',
      build: { outDir: fresh, emptyOutDir: true },
    });
    const old = join(dist, `.web-old-${process.pid}`);
    if (existsSync(join(dist, 'web'))) renameSync(join(dist, 'web'), old);
    renameSync(fresh, join(dist, 'web'));
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { inputs, outputs: ['dist/web/index.html'] };
}

function isFresh(target, entry) {
  if (!entry || entry.shared !== sharedDigest()) return false;
  if (!entry.outputs.every((name) => existsSync(join(root, name)))) return false;
  if (target.folders) return JSON.stringify(digestFolders(target.folders)) === JSON.stringify(entry.inputs);
  return Object.entries(entry.inputs).every(([name, digest]) => digestFile(join(root, name)) === digest);
}

/** What changes every target: the installed packages, the compiler settings and this file. */
function sharedDigest() {
  const files = ['package-lock.json', 'tsconfig.json', 'tools/build.mjs'];
  return createHash('sha256')
    .update(files.map((name) => digestFile(join(root, name))).join())
    .digest('hex');
}

function digestFolders(folders) {
  const digests = {};
  for (const folder of folders) {
    for (const path of filesUnder(join(root, folder))) digests[relative(root, path)] = digestFile(path);
  }
  return digests;
}

function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  for (const item of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (item.name === 'node_modules' || item.name === 'dist' || item.name.startsWith('.')) continue;
    if (item.isDirectory()) yield* filesUnder(join(folder, item.name));
    else if (!item.name.includes('.test.')) yield join(folder, item.name);
  }
}

function digestFile(path) {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    if (error.code === 'ENOENT') return 'absent';
    throw error;
  }
}

function writeWhole(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part-${process.pid}`;
  writeFileSync(part, contents);
  renameSync(part, path);
}

function removeOthers(folder, keep) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!keep.includes(relative(root, path))) rmSync(path, { force: true });
  }
}

function readState() {
  try {
    return JSON.parse(readFileSync(statePath, 'utf8'));
  } catch {
    return {}; // absent or damaged: everything is rebuilt
  }
}

function writeState(change) {
  writeWhole(statePath, `${JSON.stringify({ ...readState(), ...change }, null, 1)}\n`);
}

/** The whole text of a failed build: esbuild's and vite's errors with file, line and the source around it. */
export async function explainBuildError(error) {
  // Only esbuild's own errors are taken apart here; vite's carry their text, with the source, in the message.
  const isFromEsbuild = Array.isArray(error?.errors) && error.errors.every(({ text }) => typeof text === 'string');
  if (!isFromEsbuild || error.errors.length === 0) {
    const text = String(error?.message ?? error);
    return process.stderr.isTTY ? text : stripVTControlCharacters(text);
  }
  const esbuild = await import('esbuild');
  return (await esbuild.formatMessages(error.errors, { kind: 'error', color: Boolean(process.stderr.isTTY) })).join('');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const unknown = names.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `unknown target ${unknown.join(', ')}; known: ${targets.map(({ name }) => name).join(', ')}\n`,
    );
    process.exit(2);
  }
  try {
    const rebuilt = await build({ force: process.argv.includes('--force'), only: names });
    if (rebuilt.length === 0) process.stderr.write('dist/ is up to date\n');
  } catch (error) {
    process.stderr.write(`${await explainBuildError(error)}\nthe build failed\n`);
    process.exit(1);
  }
}
