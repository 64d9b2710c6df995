import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { makeKey, runKeygen, sshdTest, type TestKey } from '../../../../test/support/sshd.ts';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { fingerprint, namesMatch, parseKnownHosts, wildcardMatches } from './known-hosts-file.ts';
import { KnownHosts } from './known-hosts.ts';

function blobOf(key: TestKey): Buffer {
  return Buffer.from(key.publicLine.split(' ')[1] ?? '', 'base64');
}

async function place() {
  const folder = await temporaryDirectory();
  const own = join(folder.path, 'deep', 'known_hosts');
  return {
    ...folder,
    path: folder.path,
    own,
    other: join(folder.path, 'other'),
    hosts: new KnownHosts(own),
    key: makeKey(folder.path, 'ed25519'),
    second: makeKey(folder.path, 'ed25519'),
    ecdsa: makeKey(folder.path, 'ecdsa'),
  };
}

// ssh-keygen comes with sshd.
sshdTest('accept-new writes a host down once, in a private file, and holds it to its key', async () => {
  await using at = await place();
  const { hosts, own, key, second } = at;
  const check = await hosts.checkFor('Web1', 22, 'accept-new');
  expect(check.knownTypes).toEqual([]);
  expect(await check.verify(blobOf(key))).toBeUndefined();
  expect(await check.verify(blobOf(key))).toBeUndefined();
  expect(readFileSync(own, 'utf8')).toBe(`web1 ${key.publicLine}\n`);
  expect(statSync(own).mode & 0o777).toBe(0o600);
  const again = await hosts.checkFor('web1', 22, 'accept-new');
  expect(again.knownTypes).toEqual(['ssh-ed25519']);
  const refusal = await again.verify(blobOf(second));
  expect(refusal).toMatchObject({ problem: 'host-key-changed' });
  const shown = runKeygen(['-lf', `${second.path}.pub`]).split(' ')[1];
  const known = runKeygen(['-lf', `${key.path}.pub`]).split(' ')[1];
  expect(refusal?.message).toBe(
    `the host key of web1 has changed: it shows ssh-ed25519 ${shown}, but ${own}:1 says ssh-ed25519 ${known}. ` +
      'Somebody may stand between here and the host, or it was installed anew. Nothing was sent to it. If the new key is ' +
      `right, remove that line (ssh-keygen -R 'web1' -f ${own})`,
  );
});

sshdTest('strict refuses a host that nobody wrote down, and says which line would let it in', async () => {
  await using at = await place();
  const { hosts, own, other, key } = at;
  const check = await hosts.checkFor('::1', 2222, 'strict', [other]);
  const refusal = await check.verify(blobOf(key));
  expect(refusal).toMatchObject({ problem: 'host-key-unknown' });
  expect(refusal?.message).toContain(`there is no entry in ${other}, ${own}`);
  const line = refusal?.message.split('add this line: ')[1] ?? '';
  expect(line).toBe(`[::1]:2222 ${key.publicLine}`);
  writeFileSync(other, line);
  expect(await check.verify(blobOf(key))).toBeUndefined();
});

sshdTest('another type of key than the known one is a change, not a new host', async () => {
  await using at = await place();
  writeFileSync(at.other, `web1 ${at.key.publicLine}\n`);
  const check = await at.hosts.checkFor('web1', 22, 'accept-new', [at.other]);
  expect(await check.verify(blobOf(at.ecdsa))).toMatchObject({
    problem: 'host-key-changed',
    details: { shown: { type: 'ecdsa-sha2-nistp256' }, known: { path: at.other, line: 1 } },
  });
});

sshdTest('entries are hashed, of a port, of patterns, revoked or of a certificate authority', async () => {
  await using at = await place();
  const { hosts, other, key, second, ecdsa } = at;
  writeFileSync(other, `secret.example.com ${key.publicLine}\n[secret.example.com]:2222 ${second.publicLine}\n`);
  runKeygen(['-q', '-H', '-f', other]);
  expect(readFileSync(other, 'utf8')).not.toContain('secret');
  writeFileSync(
    other,
    [
      '# a comment',
      `*.lan,!bad.lan ${key.publicLine}`,
      `@revoked * ${second.publicLine}`,
      `@cert-authority * ${ecdsa.publicLine}`,
      'broken line',
      'web1 ssh-rsa AAAA',
      '',
    ].join('\n'),
    { flag: 'a' },
  );
  const verify = async (host: string, port: number, shown: TestKey) =>
    (await (await hosts.checkFor(host, port, 'strict', [other])).verify(blobOf(shown)))?.problem;
  expect(await verify('secret.example.com', 22, key)).toBeUndefined();
  expect(await verify('secret.example.com', 22, ecdsa)).toBe('host-key-changed');
  expect(await verify('secret.example.com', 2222, second)).toBe('host-key-revoked');
  expect(await verify('a.lan', 22, key)).toBeUndefined();
  expect(await verify('bad.lan', 22, key)).toBe('host-key-unknown');
  expect(await verify('a.lan', 22, second)).toBe('host-key-revoked');
  expect(await verify('web1', 22, ecdsa)).toBe('host-key-unknown');
  // The plain name vouches for another port of the same host, and its key does not have to be that one.
  expect(await verify('a.lan', 2222, key)).toBeUndefined();
  expect(await verify('a.lan', 2222, ecdsa)).toBe('host-key-unknown');
});

sshdTest('a line that was left open is ended before another one is added', async () => {
  await using at = await place();
  const hosts = new KnownHosts(at.other);
  writeFileSync(at.other, `web1 ${at.key.publicLine}`);
  await (await hosts.checkFor('web2', 22, 'accept-new')).verify(blobOf(at.second));
  expect(readFileSync(at.other, 'utf8')).toBe(`web1 ${at.key.publicLine}\nweb2 ${at.second.publicLine}\n`);
});

sshdTest('first connections at once: of two keys for one host, one is accepted', async () => {
  await using at = await place();
  const checks = await Promise.all([1, 2].map(() => at.hosts.checkFor('web1', 22, 'accept-new')));
  const answers = await Promise.all([checks[0]?.verify(blobOf(at.key)), checks[1]?.verify(blobOf(at.second))]);
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
  expect(readFileSync(at.own, 'utf8').trim().split('\n')).toHaveLength(1);
});

sshdTest(
  'several processes write whole lines into one file',
  async () => {
    await using at = await place();
    const script = `
    import { KnownHosts } from './known-hosts.ts';
    const hosts = new KnownHosts(process.argv[2]);
    const key = Buffer.from(process.argv[4], 'base64');
    await Promise.all(Array.from({ length: 50 }, async (_, index) => {
      const check = await hosts.checkFor(process.argv[3] + index, 22, 'accept-new');
      const refusal = await check.verify(key);
      if (refusal) throw refusal;
    }));`;
    const bundled = join(at.path, 'writer.mjs');
    await build({
      stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: bundled,
    });
    const blob = blobOf(at.key).toString('base64');
    const write = (name: string) => promisify(execFile)(process.execPath, [bundled, at.own, name, blob]);
    await Promise.all(['a', 'b', 'c'].map(write));
    const entries = parseKnownHosts(readFileSync(at.own, 'utf8'), at.own);
    expect(new Set(entries.map(({ names }) => names)).size).toBe(150);
    expect(readFileSync(at.own, 'utf8').trim().split('\n')).toHaveLength(150);
  },
  60_000,
);

sshdTest('a file that cannot be used is named', async () => {
  await using at = await place();
  await expect(at.hosts.checkFor('web1', 22, 'strict', [at.path])).rejects.toMatchObject({
    problem: 'known-hosts-unusable',
    message: expect.stringContaining(`known_hosts file ${at.path} cannot be read: EISDIR`),
  });
  writeFileSync(join(at.path, 'deep'), 'a file where a directory should be');
  const check = await at.hosts.checkFor('web1', 22, 'off');
  expect(await check.verify(blobOf(at.key))).toBeUndefined();
  await expect(at.hosts.checkFor('web1', 22, 'accept-new')).rejects.toMatchObject({ problem: 'known-hosts-unusable' });
});

test('names and wildcards', () => {
  expect(namesMatch('Web1,10.0.0.1', 'web1')).toBe(true);
  expect(namesMatch('web?', 'web1')).toBe(true);
  expect(namesMatch('web1', 'web12')).toBe(false);
  expect(namesMatch('|1|broken', 'web1')).toBe(false);
  expect(namesMatch('|1|AAAA|AAAA', 'web1')).toBe(false);
  expect(wildcardMatches('*a*b*', 'xxaxxb')).toBe(true);
  expect(wildcardMatches('*a*b', 'xxaxxbx')).toBe(false);
  expect(wildcardMatches(`${'*'.repeat(50)}z`, 'a'.repeat(10_000))).toBe(false);
  expect(wildcardMatches('*a'.repeat(200), `${'a'.repeat(5_000)}b`)).toBe(false);
  expect(fingerprint(Buffer.from('x'))).toMatch(/^SHA256:[\w+/]{43}$/);
});
