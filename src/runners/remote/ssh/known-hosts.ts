/**
 * Is this the host we mean? Holds the key that a host shows against known_hosts files: the product's own, which hosts seen
 * for the first time are added to, and any others, which are only read.
 */
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, systemCode } from '../../../base/errors.ts';
import {
  fingerprint,
  hostEntryName,
  type KnownHost,
  keyType,
  namesMatch,
  parseKnownHosts,
} from './known-hosts-file.ts';
import { SshError } from './ssh-error.ts';
import type { HostKeyPolicy } from './ssh-target.ts';

export interface HostKeyCheck {
  /** Types of keys that the host is known by. It is asked for these first: it may well have others, which tell us nothing. */
  readonly knownTypes: readonly string[];
  /** Undefined where the key is accepted. */
  verify(key: Buffer): Promise<SshError | undefined>;
}

interface ReadFile {
  readonly stamp: string;
  readonly hosts: readonly KnownHost[];
}

export class KnownHosts {
  /** The file that is written; made, private, with the first host. */
  readonly #ownPath: string;
  readonly #read = new Map<string, ReadFile>();
  /** Looking and adding is one step: two first connections at once must not both accept a key, and different ones. */
  #lastAdding: Promise<unknown> = Promise.resolve();

  constructor(ownPath: string) {
    this.#ownPath = ownPath;
  }

  /** Throws SshError `known-hosts-unusable`. `files` are read besides the own one. */
  async checkFor(
    host: string,
    port: number,
    policy: HostKeyPolicy,
    files: readonly string[] = [],
  ): Promise<HostKeyCheck> {
    if (policy === 'off') return { knownTypes: [], verify: async () => undefined };
    const paths = [...new Set([...files, this.#ownPath])];
    const known = await this.#entries(hostEntryName(host, port), paths);
    const elsewhere = port === 22 ? [] : await this.#entries(hostEntryName(host, 22), paths);
    const usable = known.length > 0 ? known : elsewhere;
    return {
      knownTypes: [...new Set(usable.filter((entry) => !entry.isRevoked).map((entry) => entry.type))],
      verify: async (key) => {
        try {
          return await this.#serially(() => this.#judge(host, port, policy, paths, key));
        } catch (error) {
          if (error instanceof SshError) return error;
          throw error;
        }
      },
    };
  }

  async #judge(
    host: string,
    port: number,
    policy: HostKeyPolicy,
    paths: readonly string[],
    key: Buffer,
  ): Promise<SshError | undefined> {
    const name = hostEntryName(host, port);
    const entries = await this.#entries(name, paths);
    const revoked = entries.find((entry) => entry.isRevoked && entry.key.equals(key));
    if (revoked) return revokedError(name, revoked);
    const known = entries.filter((entry) => !entry.isRevoked);
    if (known.some((entry) => entry.key.equals(key))) return undefined;
    // A key that does not match is a change, of whatever type it is: who stands in the way could offer another type only.
    const other = known.find((entry) => entry.type === keyType(key)) ?? known[0];
    if (other) return changedError(name, key, other);
    // As OpenSSH: the same key under the host's plain name will do, another one there proves nothing for this port.
    const plain = port === 22 ? [] : await this.#entries(hostEntryName(host, 22), paths);
    if (plain.some((entry) => !entry.isRevoked && entry.key.equals(key))) return undefined;
    if (policy === 'strict') return unknownError(name, key, paths);
    await this.#add(name, key);
    return undefined;
  }

  async #entries(name: string, paths: readonly string[]): Promise<KnownHost[]> {
    const found: KnownHost[] = [];
    for (const path of paths) {
      for (const entry of await this.#hostsIn(path)) if (namesMatch(entry.names, name)) found.push(entry);
    }
    return found;
  }

  /** Read again only when the file has changed: one of a big site has ten thousand lines. */
  async #hostsIn(path: string): Promise<readonly KnownHost[]> {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const known = this.#read.get(path);
      if (known?.stamp === stamp) return known.hosts;
      const hosts = parseKnownHosts(await readFile(path, 'utf8'), path);
      this.#read.set(path, { stamp, hosts });
      return hosts;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw unusable(path, 'read', error);
    }
  }

  async #add(name: string, key: Buffer): Promise<void> {
    const line = `${name} ${keyType(key)} ${key.toString('base64')}\n`;
    try {
      await mkdir(dirname(this.#ownPath), { recursive: true, mode: 0o700 });
      const file = await open(this.#ownPath, 'a+', 0o600);
      try {
        const { size } = await file.stat();
        const last = Buffer.alloc(1, '\n');
        if (size > 0) await file.read(last, 0, 1, size - 1);
        // One write in append mode: lines of two processes stand one after the other, never one in the other. A last line
        // that somebody left open is ended first.
        await file.appendFile(last.toString() === '\n' ? line : `\n${line}`);
      } finally {
        await file.close();
      }
      this.#read.delete(this.#ownPath);
    } catch (error) {
      throw unusable(this.#ownPath, 'written', error);
    }
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#lastAdding.then(work);
    this.#lastAdding = mine.catch(() => {});
    return mine;
  }
}

function changedError(name: string, key: Buffer, known: KnownHost): SshError {
  const place = `${known.path}:${known.line}`;
  return new SshError(
    'host-key-changed',
    `the host key of ${name} has changed: it shows ${keyType(key)} ${fingerprint(key)}, but ${place} says ` +
      `${known.type} ${fingerprint(known.key)}. Somebody may stand between here and the host, or it was installed anew. ` +
      `Nothing was sent to it. If the new key is right, remove that line (ssh-keygen -R '${name}' -f ${known.path})`,
    {
      details: {
        host: name,
        shown: { type: keyType(key), fingerprint: fingerprint(key) },
        known: { type: known.type, fingerprint: fingerprint(known.key), path: known.path, line: known.line },
      },
    },
  );
}

function unknownError(name: string, key: Buffer, paths: readonly string[]): SshError {
  return new SshError(
    'host-key-unknown',
    `the host key of ${name} is not known: it shows ${keyType(key)} ${fingerprint(key)}, and there is no entry in ` +
      `${paths.join(', ')}. If the key is right, add this line: ${name} ${keyType(key)} ${key.toString('base64')}`,
    { details: { host: name, shown: { type: keyType(key), fingerprint: fingerprint(key) } } },
  );
}

function revokedError(name: string, entry: KnownHost): SshError {
  return new SshError(
    'host-key-revoked',
    `the host key of ${name} is revoked: ${entry.path}:${entry.line} marks ${entry.type} ${fingerprint(entry.key)} ` +
      'as one that must not be used',
    { details: { host: name, path: entry.path, line: entry.line } },
  );
}

function unusable(path: string, what: 'read' | 'written', error: unknown): SshError {
  return new SshError('known-hosts-unusable', `known_hosts file ${path} cannot be ${what}: ${messageOf(error)}`, {
    cause: error,
  });
}
