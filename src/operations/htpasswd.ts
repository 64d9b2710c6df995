/**
 * Password files in Apache's htpasswd format: bcrypt, `{SHA}` and `$apr1$` (spec/auth-rbac.md §2.4). Reading a line and
 * checking a password against one hash; which user and how fast is passwords.ts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcryptjs';

/** User → hash. `#` comments and lines without `:` are skipped; of a user named twice, the first counts. */
export function parseHtpasswd(text: string): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 1 || line.startsWith('#')) continue;
    const user = line.slice(0, colon);
    // A third field, as some tools write it, is not part of the hash.
    if (!users.has(user)) users.set(user, (line.slice(colon + 1).split(':')[0] ?? '').trim());
  }
  return users;
}

export type HashCheck = 'match' | 'no match' | 'unsupported';

export async function checkHash(password: string, hash: string): Promise<HashCheck> {
  if (/^\$2[abxy]\$\d\d\$[./0-9A-Za-z]{53}$/.test(hash))
    return answer(await bcrypt.compare(password, hash.replace(/^\$2[xy]/, '$2b')));
  if (hash.startsWith('{SHA}'))
    return answer(isEqual(createHash('sha1').update(password).digest('base64'), hash.slice('{SHA}'.length)));
  const apr1 = /^\$apr1\$([^$]{1,8})\$[./0-9A-Za-z]{22}$/.exec(hash);
  if (apr1) return answer(isEqual(apr1Hash(password, apr1[1] ?? ''), hash));
  return 'unsupported';
}

/** Cost 10 is what htpasswd tools of today write: some 50 ms. */
export async function bcryptHash(password: string): Promise<string> {
  return (await bcrypt.hash(password, 10)).replace(/^\$2b/, '$2y'); // the name Apache has for the same algorithm
}

function answer(isMatch: boolean): HashCheck {
  return isMatch ? 'match' : 'no match';
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const itoa64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Apache's variant of MD5-crypt (Poul-Henning Kamp, 1994), as in apr_md5.c: the same with another magic word. */
function apr1Hash(password: string, salt: string): string {
  const secret = Buffer.from(password);
  const md5 = (...parts: (Buffer | string)[]): Buffer => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const inner = md5(secret, salt, secret);
  const parts: (Buffer | string)[] = [secret, '$apr1$', salt];
  for (let left = secret.length; left > 0; left -= 16) parts.push(inner.subarray(0, Math.min(16, left)));
  // The original takes a zero byte for a set bit, and the password's first byte otherwise.
  for (let bits = secret.length; bits > 0; bits >>= 1)
    parts.push((bits & 1) === 1 ? Buffer.from([0]) : secret.subarray(0, 1));
  let digest = md5(...parts);
  for (let round = 0; round < 1000; round += 1) {
    digest = md5(
      round % 2 === 1 ? secret : digest,
      round % 3 !== 0 ? salt : '',
      round % 7 !== 0 ? secret : '',
      round % 2 === 1 ? digest : secret,
    );
  }
  return `$apr1$${salt}$${apr1Text(digest)}`;
}

function apr1Text(digest: Buffer): string {
  const at = (index: number): number => digest[index] ?? 0;
  const groups: [number, number][] = [0, 1, 2, 3, 4].map((i) => [
    (at(i) << 16) | (at(i + 6) << 8) | at(i === 4 ? 5 : i + 12),
    4,
  ]);
  groups.push([at(11), 2]);
  let text = '';
  for (const [value, digits] of groups) for (let n = 0; n < digits; n += 1) text += itoa64[(value >> (6 * n)) & 63];
  return text;
}
