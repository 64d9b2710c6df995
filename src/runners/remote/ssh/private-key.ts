/**
 * Reading private keys. ssh2 reads the formats of OpenSSH, PEM (PKCS#1, SEC1) and PuTTY; PKCS#8 is read by Node and
 * handed on. Deciphering an OpenSSH key takes half a second of our event loop (bcrypt, slow on purpose), so keys that were
 * read are kept.
 */
import { createHash, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import { messageOf, systemCode } from '../../../base/errors.ts';
import { SshError } from './ssh-error.ts';
import type { SshKey } from './ssh-target.ts';
import { loadSsh2 } from './ssh2.ts';

/** More keys than this in use on one server: then some are deciphered again. */
const keptMax = 100;
const kept = new Map<string, ParsedKey>();

/** Throws SshError `key-unusable`, which says what is wrong with it. */
export async function parsePrivateKey(key: SshKey): Promise<ParsedKey> {
  const digest = createHash('sha256')
    .update(JSON.stringify([key.text, key.passphrase]))
    .digest('base64');
  const known = kept.get(digest);
  if (known) return known;
  const { utils } = await loadSsh2();
  const parsed = utils.parseKey(readableByLibrary(key), key.passphrase);
  // Typed as one key; OpenSSH's format gives a list, of one.
  const first: ParsedKey | Error | undefined = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first === undefined || first instanceof Error) throw unusable(key, first?.message ?? 'no key in it');
  if (!first.isPrivateKey()) throw unusable(key, 'it is a public key; the private one is asked for');
  if (kept.size >= keptMax) kept.delete(kept.keys().next().value ?? '');
  kept.set(digest, first);
  return first;
}

/** The key in a file. Throws SshError `key-unusable` where it cannot be read. */
export async function readPrivateKey(path: string, options: Omit<SshKey, 'text' | 'from'> = {}): Promise<SshKey> {
  try {
    return { ...options, text: await readFile(path, 'utf8'), from: path };
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'the server may not read it',
      EISDIR: 'it is a directory',
      ENOTDIR: 'there is no such file',
    };
    const reason = reasons[systemCode(error) ?? ''] ?? messageOf(error);
    throw new SshError('key-unusable', `private key ${path} cannot be read: ${reason}`, { cause: error });
  }
}

/** PKCS#8 as the older form of the same key. */
function readableByLibrary(key: SshKey): string {
  const text = `${key.text.trim()}\n`;
  const match = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.exec(text);
  if (!match) return text;
  if (match[1] && !key.passphrase) throw unusable(key, 'it is encrypted, and no passphrase was given');
  try {
    const parsed = createPrivateKey({ key: text, format: 'pem', passphrase: key.passphrase });
    const kind = parsed.asymmetricKeyType;
    if (kind === 'rsa') return parsed.export({ type: 'pkcs1', format: 'pem' }).toString();
    if (kind === 'ec') return parsed.export({ type: 'sec1', format: 'pem' }).toString();
    throw unusable(
      key,
      `a key of type ${kind} must be in the format of OpenSSH; \`ssh-keygen -p -f FILE\` rewrites it`,
    );
  } catch (error) {
    if (error instanceof SshError) throw error;
    throw unusable(key, match[1] ? 'the passphrase is wrong' : messageOf(error), error);
  }
}

function unusable(key: SshKey, reason: string, cause?: unknown): SshError {
  return new SshError('key-unusable', `${key.from} is no usable private key: ${explain(key, reason)}`, { cause });
}

/** The library's words where they say something, ours where they guess. */
function explain(key: SshKey, reason: string): string {
  if (/no passphrase given/i.test(reason)) return 'it is encrypted, and no passphrase was given';
  if (/bad passphrase|integrity check failed/i.test(reason)) return 'the passphrase is wrong';
  if (/malformed|key magic/i.test(reason)) return 'it is damaged';
  if (/unsupported key format/i.test(reason)) {
    const text = key.text.trim();
    if (text === '') return 'it is empty';
    if (!text.includes('PRIVATE KEY')) return 'it is not in a format of OpenSSH, PEM or PuTTY';
    return 'it is damaged: begin, content and end do not fit together (were the line breaks lost?)';
  }
  return reason;
}
