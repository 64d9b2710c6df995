/**
 * A real sshd for one test: on loopback, a port of its own, host keys and settings of its own, as the user who runs the tests.
 * Ended, with every session, by `await using`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import type { SshTarget } from '../../src/runners/remote/ssh/ssh-target.ts';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';

const sshdPath = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

/** False only where nobody promised one: in continuous integration a missing sshd is a failure of the tests that need it. */
export const hasSshd = sshdPath !== undefined || process.env.CI === 'true';
if (!hasSshd)
  process.stderr.write('skipped: tests over SSH, because /usr/sbin/sshd is missing (package openssh-server)\n');

/** Tests that need sshd: skipped, with the reason, where there is none. */
export const sshdTest = hasSshd ? test : test.skip;

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface TestKey {
  readonly path: string;
  readonly text: string;
  /** `ssh-ed25519 AAAA…`: as in authorized_keys and, behind a name, in known_hosts. */
  readonly publicLine: string;
}

/** A new key pair in `directory`. `format` PEM is the older one, PKCS8 the standard's. */
export function makeKey(
  directory: string,
  kind: KeyKind,
  options: { name?: string; passphrase?: string; format?: 'PEM' | 'PKCS8' } = {},
): TestKey {
  const path = join(directory, options.name ?? `key-${kind}-${readdirSync(directory).length}`);
  const bits = kind === 'rsa' ? ['-b', '2048'] : [];
  const format = options.format ? ['-m', options.format] : [];
  // One round of what makes guessing passphrases slow: deciphering is slow by it too.
  runKeygen([
    '-q',
    '-a',
    '1',
    '-t',
    kind,
    ...bits,
    ...format,
    '-N',
    options.passphrase ?? '',
    '-C',
    'test',
    '-f',
    path,
  ]);
  const [type, blob] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return { path, text: readFileSync(path, 'utf8'), publicLine: `${type} ${blob}` };
}

export function runKeygen(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) throw new Error(`ssh-keygen ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export interface SshdOptions {
  /** Default: one of type ed25519. */
  readonly hostKeys?: readonly KeyKind[];
  /** Listens on all addresses: each of 127.0.0.0/8 is a host of its own then, where the system has them. */
  readonly isEverywhere?: boolean;
  /** Further lines of sshd_config; the first one that sets something wins. */
  readonly settings?: readonly string[];
}

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** Accepted by the server; of type ed25519. */
  readonly userKey: TestKey;
  readonly directory: string;
  /** Lets another key in. */
  authorize(key: TestKey): void;
  /** A target for it, trusting nothing yet; `more` replaces parts. */
  target(more?: Partial<SshTarget>): SshTarget;
  /** Public part of its host key of that type. */
  hostKey(kind?: KeyKind): string;
  /** What it has logged. */
  log(): string;
  /** Logins that it has accepted. */
  logins(): number;
  /** SIGKILL for it and for all its sessions; what they started goes on. */
  kill(): Promise<void>;
  /** On the same port, with other host keys and settings. */
  restart(options?: SshdOptions): Promise<void>;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await temporaryDirectory();
  const userKey = makeKey(folder.path, 'ed25519', { name: 'user' });
  writeFileSync(join(folder.path, 'authorized_keys'), `${userKey.publicLine}\n`);
  const server = new TestSshd(folder, userKey);
  await server.start(options, await freePort());
  return server;
}

/** A test that is killed cannot clean up; but its end of the pipe is closed then, and sshd goes too. */
const untilInputEnds = 'exec 3<&0; "$0" "$@" & pid=$!; { read _ <&3; kill -9 $pid; } & exec 3<&-; wait $pid';

class TestSshd implements Sshd {
  readonly directory: string;
  readonly userKey: TestKey;
  port = 0;
  readonly #folder: TemporaryDirectory;
  #child: { readonly pid: number; readonly exited: Promise<void> } | undefined;
  #starts = 0;
  readonly #onExit = (): void => {
    if (this.#child) for (const pid of serversBelow(this.#child.pid)) killQuietly(pid);
  };

  constructor(folder: TemporaryDirectory, userKey: TestKey) {
    this.#folder = folder;
    this.directory = folder.path;
    this.userKey = userKey;
  }

  async start(
    { hostKeys = ['ed25519'], settings = [], isEverywhere = false }: SshdOptions,
    port: number,
  ): Promise<void> {
    this.#starts += 1;
    const keys = hostKeys.map((kind) => makeKey(this.directory, kind, { name: this.#hostKeyName(kind) }));
    const address = isEverywhere ? '0.0.0.0' : '127.0.0.1';
    const config = join(this.directory, `sshd_config-${this.#starts}`);
    writeFileSync(config, `${[...settings, ...standardSettings(this.directory, port, keys, address)].join('\n')}\n`);
    // As root, sshd wants its empty directory, which only the init scripts of distributions make.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const command = [sshdPath ?? 'sshd', '-D', '-f', config, '-E', join(this.directory, 'log')];
    const child = spawn('/bin/sh', ['-c', untilInputEnds, ...command], { stdio: ['pipe', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString();
    });
    let isGone = false;
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        isGone = true;
        child.stdin.destroy();
        resolve();
      });
      child.once('error', (error) => {
        stderr += error.message;
      });
    });
    const { pid = 0 } = child;
    this.#child = { pid, exited };
    // A test that is given up does not come to its end.
    process.once('exit', this.#onExit);
    this.port = port;
    const before = this.#starts - 1;
    // One line per listening start.
    while (this.log().split(`Server listening on ${address}`).length - 1 <= before) {
      if (isGone) throw new Error(`sshd did not start: ${stderr}${this.log()}`);
      await sleep(10);
    }
  }

  authorize(key: TestKey): void {
    writeFileSync(join(this.directory, 'authorized_keys'), `${key.publicLine}\n`, { flag: 'a' });
  }

  target(more: Partial<SshTarget> = {}): SshTarget {
    return {
      host: '127.0.0.1',
      port: this.port,
      user: userInfo().username,
      credentials: { keys: [{ text: this.userKey.text, from: 'the test' }] },
      hostKeys: 'accept-new',
      bastions: [],
      connectTimeoutMs: 30_000,
      ...more,
    };
  }

  hostKey(kind: KeyKind = 'ed25519'): string {
    const [type, blob] = readFileSync(join(this.directory, `${this.#hostKeyName(kind)}.pub`), 'utf8').split(' ');
    return `${type} ${blob}`;
  }

  log(): string {
    const path = join(this.directory, 'log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  logins(): number {
    return this.log().split(/^Accepted [\w/-]+ for /m).length - 1;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    process.removeListener('exit', this.#onExit);
    for (const pid of serversBelow(child.pid)) killQuietly(pid);
    await child.exited;
  }

  async restart(options: SshdOptions = {}): Promise<void> {
    await this.kill();
    await this.start(options, this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  #hostKeyName(kind: KeyKind): string {
    return `host-${kind}-${this.#starts}`;
  }
}

function standardSettings(directory: string, port: number, hostKeys: readonly TestKey[], address: string): string[] {
  return [
    `ListenAddress ${address}`,
    `Port ${port}`,
    ...hostKeys.map(({ path }) => `HostKey ${path}`),
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
    // Everything comes from one address: it must not be held back for trying too often.
    'MaxStartups 500',
    // A bash that is run over the network reads ~/.bashrc: what a developer has there must not slow the tests down.
    `SetEnv HOME=${directory}`,
  ];
}

/** The listening sshd and those for its connections, but not what they run. */
function serversBelow(shell: number): number[] {
  const processes = readProcesses();
  const found: number[] = [];
  for (let parents = [shell]; parents.length > 0; ) {
    const children = processes.filter(({ parent, name }) => parents.includes(parent) && name.startsWith('sshd'));
    parents = children.map(({ pid }) => pid);
    found.push(...parents);
  }
  return found;
}

function readProcesses(): { pid: number; parent: number; name: string }[] {
  const { stdout } = spawnSync('ps', ['-axo', 'pid=,ppid=,comm='], { encoding: 'utf8', timeout: 10_000 });
  if (stdout) {
    return stdout.split('\n').flatMap((line) => {
      const [, pid, parent, name = ''] = /^\s*(\d+)\s+(\d+)\s+(?:.*\/)?(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), name }] : [];
    });
  }
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [, name = '', parent] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
      return [{ pid: Number(entry), parent: Number(parent), name }];
    } catch {
      return []; // gone meanwhile
    }
  });
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Of 127.0.0.1. Somebody else could take it before sshd does; the ports that systems give out go round, so nobody will. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
