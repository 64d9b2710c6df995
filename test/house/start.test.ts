/**
 * `npm start` and the build behind it, in a small clone of their own: a few source files, this repository's tools, and
 * its installed packages by a link. The server is three lines that say what reached them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
let clone: string;

const server = `import { word } from '../base/word.ts';
process.on('SIGTERM', () => { console.log('terminated'); process.exit(7); });
console.log(JSON.stringify({ word, pid: process.pid, args: process.argv.slice(2), ms: performance.now() }));
setInterval(() => {}, 1000);
`;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'stormtail-start-'));
  cpSync(join(root, 'tools'), join(clone, 'tools'), { recursive: true });
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, name), join(clone, name));
  write('src/base/word.ts', "export const word: string = 'first';\n");
  write('src/cli/main.ts', "console.log('the command line');\n");
  write('src/app/main.ts', server);
  // What npm leaves behind, as far as the tools look at it; packages come from the real one.
  mkdirSync(join(clone, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(clone, 'node_modules', name));
  }
  write('node_modules/.package-lock.json', '{}');
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), text);
}

function build() {
  const { status, stderr } = spawnSync(process.execPath, ['tools/build.mjs'], { cwd: clone, encoding: 'utf8' });
  return { status, stderr, built: /^built (.+) in/m.exec(stderr)?.[1] };
}

describe('tools/build.mjs', () => {
  it('builds what exists, then only what an input of changed', () => {
    expect(build()).toMatchObject({ status: 0, built: 'cli, server' });
    expect(build()).toEqual({ status: 0, stderr: 'dist/ is up to date\n', built: undefined });
    write('src/base/word.ts', "export const word: string = 'second';\n");
    expect(build().built).toBe('server');
    expect(readFileSync(join(clone, 'dist/stormtail.js'), 'utf8')).toContain('second');
    write('src/base/unused.ts', 'export const unused = 1;\n');
    expect(build().built).toBeUndefined();
    rmSync(join(clone, 'dist/st2.js'));
    expect(build().built).toBe('cli');
    write('package-lock.json', '{}');
    expect(build().built).toBe('cli, server');
  });

  it('shows an error with its place, keeps the old files, and does not take them for good', () => {
    build();
    const good = readFileSync(join(clone, 'dist/stormtail.js'), 'utf8');
    write('src/base/word.ts', 'export const word = ;\n');
    const { status, stderr } = build();
    expect(status).toBe(1);
    expect(stderr).toContain('src/base/word.ts:1:20');
    expect(readFileSync(join(clone, 'dist/stormtail.js'), 'utf8')).toBe(good);
    expect(build().status).toBe(1);
    write('src/base/word.ts', "export const word: string = 'first';\n");
    // The same text as before the mistake, and built again all the same: nothing vouches for the files of a failed build.
    expect(build().built).toBe('server');
  });

  it('leaves no chunk of an earlier build behind', () => {
    write('src/cli/main.ts', "await import('./one.ts');\n");
    write('src/cli/one.ts', "console.log('one');\n");
    build();
    const chunks = () => readdirSync(join(clone, 'dist/cli-chunks'));
    const before = chunks();
    write('src/cli/one.ts', "console.log('another');\n");
    build();
    expect(chunks()).toHaveLength(before.length);
    expect(chunks()).not.toEqual(before);
  });
});

describe('tools/start.mjs', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  /** Starts, waits for the server's line, and resolves with it and what the tools said before. */
  async function start(...args: string[]) {
    const started = spawn(process.execPath, ['tools/start.mjs', ...args], {
      cwd: clone,
      env: { ...process.env, npm_execpath: join(clone, 'npm.cjs') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    let said = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const line = await new Promise<string>((resolve, reject) => {
      started.stdout.setEncoding('utf8').on('data', resolve);
      started.on('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
    });
    return { child: started, said, server: JSON.parse(line) };
  }

  it('builds, runs `up` in its own process, and lets signals reach the server', async () => {
    const first = await start('--flag');
    expect(first.said).toContain('built cli, server');
    expect(first.server).toMatchObject({ word: 'first', pid: first.child.pid, args: ['up', '--flag'] });
    const ended = new Promise((resolve) => first.child.on('exit', resolve));
    first.child.kill('SIGTERM');
    expect(await ended).toBe(7);

    const second = await start();
    expect(second.said).toBe('');
    // 150 ms are promised on a quiet machine, Node's own start included; tests share theirs with others.
    expect(second.server.ms).toBeLessThan(1_000);
  });

  it('puts st2 and stormtail where npx looks', async () => {
    await start();
    expect(readlinkSync(join(clone, 'node_modules/.bin/st2'))).toBe('../../bin/st2.mjs');
    expect(readlinkSync(join(clone, 'node_modules/.bin/stormtail'))).toBe('../../bin/stormtail.mjs');
  });

  describe('with a lock file newer than what is installed', () => {
    beforeEach(() => {
      const later = Date.now() / 1000 + 60;
      utimesSync(join(clone, 'package-lock.json'), later, later);
    });

    it('installs with npm, running no script, once', async () => {
      writeNpm(
        "console.log('words of npm'); require('node:fs').writeFileSync('npm-got', process.argv.slice(2).join(' '));",
      );
      const { child: first, said } = await start();
      first.kill('SIGKILL');
      expect(readFileSync(join(clone, 'npm-got'), 'utf8')).toMatch(/^ci --ignore-scripts /);
      expect(said).toContain('installed dependencies in');
      expect(said).not.toContain('words of npm');
      rmSync(join(clone, 'npm-got'));
      await start();
      expect(existsSync(join(clone, 'npm-got'))).toBe(false);
    });

    it('says all that npm said when it fails, and starts nothing', async () => {
      writeNpm("console.error('no such package'); process.exit(3);");
      await expect(start()).rejects.toThrow(/npm ci ended with 3:\nno such package\n.*nothing was started/);
      expect(existsSync(join(clone, 'dist'))).toBe(false);
    });
  });
});

/** Stands in for npm, which would ask the network. `npm start` tells its tools which npm it is in this way. */
function writeNpm(code: string): void {
  write('npm.cjs', code);
}
