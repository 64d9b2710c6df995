/**
 * The known_hosts format of OpenSSH (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): names with wildcards and negation, hashed
 * names, `[host]:port`, `@revoked`. Lines of certificate authorities are passed over: ssh2 knows no host certificates.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface KnownHost {
  readonly path: string;
  readonly line: number;
  readonly isRevoked: boolean;
  readonly names: string;
  /** `ssh-ed25519`, … */
  readonly type: string;
  readonly key: Buffer;
}

/** Lines that cannot be read are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, path: string): KnownHost[] {
  const hosts: KnownHost[] = [];
  for (const [index, whole] of text.split('\n').entries()) {
    const words = whole.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [names, type, encoded] = words;
    if (!names || names.startsWith('#') || !type || !encoded) continue;
    if (marker !== undefined && marker !== '@revoked') continue;
    const key = Buffer.from(encoded, 'base64');
    if (keyType(key) !== type) continue;
    hosts.push({ path, line: index + 1, isRevoked: marker !== undefined, names, type, key });
  }
  return hosts;
}

/** `name` is what `hostEntryName` gives. */
export function namesMatch(names: string, name: string): boolean {
  const lower = name.toLowerCase();
  if (names.startsWith('|1|')) return hashMatches(names, lower);
  let isMatch = false;
  for (const pattern of names.toLowerCase().split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!wildcardMatches(isNegated ? pattern.slice(1) : pattern, lower)) continue;
    if (isNegated) return false;
    isMatch = true;
  }
  return isMatch;
}

/** How a host is called in the file: `web1`, `[web1]:2222`. */
export function hostEntryName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that the key itself names, or an empty text where it is no key. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length > 64 ? '' : key.toString('latin1', 4, 4 + length);
}

/** `|1|salt|hash`, both base64: HMAC-SHA1 of the name. */
function hashMatches(names: string, name: string): boolean {
  const [, , salt, hash] = names.split('|');
  if (!salt || !hash) return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** `*` and `?`, as in the patterns of ssh_config(5). Both in lower case where case does not count. */
export function wildcardMatches(pattern: string, text: string): boolean {
  // Two pointers and one point to go back to: linear where a regular expression of many `*` is not.
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === text[t] && pattern[p] !== '*'))) {
      p += 1;
      t += 1;
    } else if (pattern[p] === '*') {
      star = p;
      from = t;
      p += 1;
    } else if (star !== -1) {
      p = star + 1;
      from += 1;
      t = from;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
