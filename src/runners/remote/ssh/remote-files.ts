/**
 * Files to a host and away again, by commands of POSIX and nothing else: where a command can be run, a file can be copied. Why
 * not SFTP: docs/decisions/0015-ssh2.md.
 */
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { messageOf } from '../../../base/errors.ts';
import { shellQuote } from '../../local/as-user.ts';
import { SshError } from './ssh-error.ts';
import type { SshLease } from './ssh-pool.ts';

/** A small file costs little but the way there and back. */
const filesAtOnce = 4;
/** Of what a command says when it fails. */
const complaintBytesMax = 2_000;

/** `text` is the content of the file, or `path` where it is here. */
export type FileSource = { readonly text: string | Uint8Array } | { readonly path: string };

/**
 * Replaces what is there and makes the directories above. Until all of it has arrived, nobody else can read it. Throws
 * SshError `copy-failed`.
 */
export async function uploadFile(
  lease: SshLease,
  source: FileSource,
  remotePath: string,
  mode: number,
  signal?: AbortSignal,
): Promise<void> {
  const script = writeScript(shellQuote(remotePath), shellQuote(posix.dirname(remotePath)), mode);
  const bytes = 'text' in source ? [source.text] : createReadStream(source.path);
  await runScript(lease, script, `write ${remotePath}`, bytes, signal);
}

/** Few processes: `[` is the shell's own. With -C, `>` does not follow a link that somebody puts there in the meantime. */
function writeScript(path: string, directory: string, mode: number): string {
  const clear = `{ [ -d ${directory} ] || mkdir -p -- ${directory}; } && { [ ! -e ${path} ] && [ ! -L ${path} ] || rm -f -- ${path}; }`;
  return `umask 077 && ${clear} && set -C && cat > ${path} && chmod ${mode.toString(8)} ${path}`;
}

/** With all that is in it, into a new or existing directory. Files keep their mode; links are copied as what they lead to. */
export async function uploadDirectory(
  lease: SshLease,
  localPath: string,
  remotePath: string,
  signal?: AbortSignal,
): Promise<void> {
  const directories: string[] = [];
  const files: { local: string; remote: string; mode: number }[] = [];
  const walk = async (local: string, remote: string, above: readonly string[]): Promise<void> => {
    const real = await realpath(local);
    if (above.includes(real)) throw new SshError('copy-failed', `${local} leads back to ${real}, which it is in`);
    directories.push(remote);
    for (const name of await readdir(local)) {
      const path = join(local, name);
      const { mode, isDirectory } = await describe(path);
      const place = posix.join(remote, name);
      if (isDirectory) await walk(path, place, [...above, real]);
      else files.push({ local: path, remote: place, mode });
    }
  };
  await walk(localPath, remotePath, []);
  await makeDirectories(lease, directories, signal);
  const upload = async (): Promise<void> => {
    for (let file = files.pop(); file; file = files.pop()) {
      await uploadFile(lease, { path: file.local }, file.remote, file.mode, signal);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, upload));
}

/** With their parents; new ones are for the user alone. */
export async function makeDirectories(
  lease: SshLease,
  remotePaths: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  // One command line holds 128 KB at least; a path has up to 4.
  for (let done = 0; done < remotePaths.length; done += 25) {
    const some = remotePaths.slice(done, done + 25);
    const script = `umask 077 && mkdir -p -- ${some.map(shellQuote).join(' ')}`;
    await runScript(lease, script, `make ${some[0]}${some.length > 1 ? ' and others' : ''}`, [], signal);
  }
}

/** For the user alone, with its parents. Throws SshError `copy-failed` where it is there already: it may be somebody else's. */
export async function makeNewDirectory(lease: SshLease, remotePath: string, signal?: AbortSignal): Promise<void> {
  const script = `umask 077 && mkdir -p -- ${shellQuote(posix.dirname(remotePath))} && mkdir -- ${shellQuote(remotePath)}`;
  await runScript(lease, script, `make ${remotePath}`, [], signal);
}

/** File or directory with all that is in it; none is fine. Throws SshError `copy-failed`. */
export async function removePath(lease: SshLease, remotePath: string, signal?: AbortSignal): Promise<void> {
  if (/^[/.]*$/.test(remotePath)) throw new SshError('copy-failed', `"${remotePath}" is no path to remove`);
  await runScript(lease, `rm -rf -- ${shellQuote(remotePath)}`, `remove ${remotePath}`, [], signal);
}

async function describe(path: string): Promise<{ mode: number; isDirectory: boolean }> {
  const status = await stat(path);
  return { mode: status.mode & 0o777, isDirectory: status.isDirectory() };
}

/** In a POSIX shell, whatever the login shell of the user is. */
async function runScript(
  lease: SshLease,
  script: string,
  what: string,
  input: Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  let complaint = '';
  const hear = (bytes: Uint8Array): void => {
    if (complaint.length < complaintBytesMax) complaint += Buffer.from(bytes).toString();
  };
  const channel = await lease.exec(`sh -c ${shellQuote(script)}`, { onStdout: hear, onStderr: hear }, signal);
  const stop = (): void => channel.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const bytes of input) await channel.write(bytes);
    channel.end();
    const { exitCode, signal: killedBy } = await channel.closed;
    signal?.throwIfAborted();
    if (exitCode === 0) return;
    const said = complaint.trim().slice(-complaintBytesMax);
    const how = exitCode === undefined ? `ended by ${killedBy ?? 'the host'}` : `exit ${exitCode}`;
    throw new SshError('copy-failed', `${lease.name} could not ${what}: ${said || how}`);
  } catch (error) {
    channel.close();
    if (error instanceof SshError || signal?.aborted) throw error;
    throw new SshError('copy-failed', `${lease.name}: could not ${what}: ${messageOf(error)}`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
