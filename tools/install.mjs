// Installs the locked dependencies when they are missing or when package-lock.json changed, and puts `st2` and
// `stormtail` where `npx` looks. Needs nothing but Node and npm. Install scripts are never run: no dependency of ours
// needs one, so nothing that is downloaded is executed before somebody asks for it.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './progress.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const stampPath = join(modules, '.stormtail-lock');

/** Says in plain words why an old Node will not do, and stops. The floor is the one in package.json. */
export function checkNodeVersion() {
  const floor = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [floorMajor, floorMinor] = floor.split('.').map(Number);
  if (major > floorMajor || (major === floorMajor && minor >= floorMinor)) return;
  process.stderr.write(
    `Stormtail needs Node.js ${floor} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a current one from https://nodejs.org/ and start again.\n',
  );
  process.exit(1);
}

/** Runs `npm ci` when it has to. Throws with npm's whole output when it fails. */
export async function installDependencies() {
  if (!isInstalled()) {
    rmSync(stampPath, { force: true });
    const line = progress();
    line.show('installing dependencies');
    try {
      await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
    } catch (error) {
      line.done();
      throw error;
    }
    line.done('installed dependencies');
    writeFileSync(stampPath, lockDigest());
  }
  linkCommands();
}

/**
 * Installed means: the stamp of our last install matches the lock file, or npm itself recorded an install (its hidden
 * lock file, written last) after the lock file was last written, as it does when a developer runs `npm install`.
 */
function isInstalled() {
  try {
    const recorded = statSync(join(modules, '.package-lock.json'));
    if (textOf(stampPath) === lockDigest()) return true;
    return recorded.mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no stamp yet
  }
}

function npm(args) {
  // Under `npm start`, npm tells where it is: the same npm is used again, whatever PATH says.
  const own = process.env.npm_execpath;
  const [command, first] =
    own && /\.c?js$/.test(own) ? [process.execPath, [own]] : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => reject(new Error(`npm could not be started: ${error.message}`, { cause: error })));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args[0]} ended with ${code}:\n${output.trim()}`));
    });
  });
}

/** npm links the commands of dependencies only, not those of the package itself: `npx st2 …` in a clone needs these. */
function linkCommands() {
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const name of ['st2', 'stormtail']) {
    const link = join(modules, '.bin', name);
    const target = join('..', '..', 'bin', `${name}.mjs`);
    if (currentLink(link) === target) continue;
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}

function currentLink(path) {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined; // nothing there yet
  }
}
