/**
 * STORMTAIL_HOME: made and checked before anything else, held by one server at a time, with the installation's key in
 * it. Everything the embedded server keeps is below it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, messageOf, systemCode } from '../base/errors.ts';

export interface Home extends Disposable {
  readonly path: string;
  /** Seals stored secrets. 32 bytes. */
  readonly secretKey: Buffer;
  /** Signs the tokens of actions. */
  readonly serviceTokenKey: Buffer;
}

/** Throws Fault `home_unusable` with what is wrong and what to do. */
export function openHome(path: string): Home {
  try {
    // Others may pass through to the packs, which actions of another user read; what is private is so by its own mode.
    mkdirSync(path, { recursive: true, mode: 0o711 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Fault(
      'home_unusable',
      `STORMTAIL_HOME ${path}: ${reasonOf(error)}; make it writable or set STORMTAIL_HOME to another directory`,
      { cause: error },
    );
  }
  const lock = join(path, 'server.pid');
  takeLock(lock, path);
  const secretKey = readKey(path);
  return {
    path,
    secretKey,
    serviceTokenKey: createHmac('sha256', secretKey).update('service tokens').digest(),
    [Symbol.dispose]: () => rmSync(lock, { force: true }),
  };
}

/** The lock names its holder by pid and start time, because pids are used again after a crash. */
function takeLock(lock: string, home: string): void {
  const mine = `${process.pid} ${startTime(process.pid)}\n`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, mine, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST')
        throw new Fault('home_unusable', `STORMTAIL_HOME ${home}: ${reasonOf(error)}`, { cause: error });
    }
    const holder = readIfThere(lock);
    const [pid = '', started = ''] = holder.trim().split(' ');
    if (isRunning(Number(pid), started)) {
      throw new Fault(
        'home_unusable',
        `STORMTAIL_HOME ${home} is in use by another Stormtail server (pid ${pid}); stop it first, or set STORMTAIL_HOME to another directory`,
      );
    }
    removeStale(lock, holder);
  }
  throw new Fault('home_unusable', `STORMTAIL_HOME ${home}: another server is starting there at this moment`);
}

/** Takes the file away only if it is still the one that was judged: another starter may have been faster. */
function removeStale(lock: string, judged: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return; // somebody else took it away; whoever writes the next one first has it
    throw error;
  }
  if (readIfThere(aside) === judged) rmSync(aside, { force: true });
  else renameSync(aside, lock);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function isRunning(pid: number, started: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  return startTime(pid) === started;
}

/** Clock ticks since boot at which a process started; `ended` for one that only waits to be reaped; empty where the system does not tell. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name in parentheses: state is the first field, start time the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : (fields[19] ?? '');
  } catch {
    return ''; // no /proc: the pid alone has to do
  }
}

/** Made at the first start. Without it, stored secrets cannot be read: it belongs into every backup. */
function readKey(home: string): Buffer {
  const path = join(home, 'secret.key');
  try {
    writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST')
      throw new Fault('home_unusable', `${path}: ${reasonOf(error)}`, { cause: error });
  }
  const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64');
  if (key.length !== 32)
    throw new Fault(
      'home_unusable',
      `${path} is damaged (${key.length} bytes instead of 32); restore it from a backup`,
    );
  return key;
}

function reasonOf(error: unknown): string {
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user may not write there';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'it is, or lies below, a file';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return messageOf(error);
  }
}
