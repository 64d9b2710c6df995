import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { never, poolIn, runOver } from '../../../../test/support/ssh-lease.ts';
import { startPeer } from '../../../../test/support/ssh-peer.ts';
import { type KeyKind, makeKey, sshdTest, startSshd } from '../../../../test/support/sshd.ts';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { parsePrivateKey, readPrivateKey } from './private-key.ts';
import type { SshCredentials } from './ssh-target.ts';

const kinds: readonly KeyKind[] = ['ed25519', 'ecdsa', 'rsa'];
const formats = [undefined, 'PEM', 'PKCS8'] as const;
const keys = kinds.flatMap((kind) =>
  formats.flatMap((format) =>
    // ssh-keygen has ed25519 in its own format only.
    kind === 'ed25519' && format ? [] : ['', 'open sesame'].map((passphrase) => ({ kind, format, passphrase })),
  ),
);

sshdTest('keys of every type and format log in, with and without a passphrase', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  for (const { kind, format, passphrase } of keys) {
    const key = makeKey(server.directory, kind, { passphrase, ...(format && { format }) });
    server.authorize(key);
    const credentials = { keys: [{ text: key.text, from: 'the test', ...(passphrase && { passphrase }) }] };
    using lease = await pool.acquire(server.target({ credentials }), never);
    expect(await runOver(lease, 'echo in')).toMatchObject({ stdout: 'in\n', exitCode: 0 });
  }
  expect(server.logins()).toBe(keys.length);
});

sshdTest.each(keys.filter(({ passphrase }) => passphrase))(
  'a missing and a wrong passphrase are told: $kind $format',
  async ({ kind, format, passphrase }) => {
    await using folder = await temporaryDirectory();
    const { text } = makeKey(folder.path, kind, { passphrase, ...(format && { format }) });
    await expect(parsePrivateKey({ text, from: 'private_key' })).rejects.toMatchObject({
      problem: 'key-unusable',
      message: 'private_key is no usable private key: it is encrypted, and no passphrase was given',
    });
    await expect(parsePrivateKey({ text, from: 'private_key', passphrase: 'wrong' })).rejects.toMatchObject({
      problem: 'key-unusable',
      message: 'private_key is no usable private key: the passphrase is wrong',
    });
  },
);

sshdTest('what is no private key is told for what it is', async () => {
  await using folder = await temporaryDirectory();
  const { path, text, publicLine } = makeKey(folder.path, 'ed25519');
  const complaint = (content: string) =>
    parsePrivateKey({ text: content, from: 'key' }).catch((error: Error) => error.message.replace(/^.*? key: /, ''));
  expect(await complaint('')).toBe('it is empty');
  expect(await complaint('hello')).toBe('it is not in a format of OpenSSH, PEM or PuTTY');
  expect(await complaint(publicLine)).toBe('it is a public key; the private one is asked for');
  expect(await complaint(text.replaceAll('\n', ' '))).toBe(
    'it is damaged: begin, content and end do not fit together (were the line breaks lost?)',
  );
  expect(await complaint(text.replace(/\n.{20}/, '\n'))).toBe('it is damaged');
  expect((await readPrivateKey(path)).text).toBe(text);
  await expect(readPrivateKey(join(folder.path, 'none'))).rejects.toMatchObject({
    problem: 'key-unusable',
    message: `private key ${folder.path}/none cannot be read: there is no such file`,
  });
  await expect(readPrivateKey(folder.path)).rejects.toThrow('it is a directory');
  if (process.getuid?.() !== 0) {
    chmodSync(path, 0);
    await expect(readPrivateKey(path)).rejects.toThrow('the server may not read it');
  }
});

sshdTest('a refusal says what was tried, what was passed over and what the host accepts', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  const wrong = makeKey(server.directory, 'ed25519');
  const locked = makeKey(server.directory, 'ed25519', { passphrase: 'secret' });
  const credentials: SshCredentials = {
    keys: [
      { text: wrong.text, from: 'private_key' },
      { text: locked.text, from: '~/.ssh/locked', isOptional: true },
    ],
    password: 'never sent',
  };
  const target = server.target({ credentials });
  await expect(pool.acquire(target, never)).rejects.toMatchObject({
    problem: 'auth-refused',
    message:
      `${target.user}@127.0.0.1:${server.port} refused to log in: tried key private_key (ssh-ed25519); the host accepts ` +
      'publickey; not tried: ~/.ssh/locked is no usable private key: it is encrypted, and no passphrase was given',
  });
  await expect(pool.acquire(server.target({ credentials: {} }), never)).rejects.toThrow(
    'none of the credentials could be tried; the host accepts publickey',
  );
});

sshdTest('an agent logs in; one that is not there is mentioned', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  const agent = join(server.directory, 'agent');
  await expect(pool.acquire(server.target({ credentials: { agent } }), never)).rejects.toThrow(
    `tried the keys of agent ${agent}; the host accepts publickey; the agent failed: Failed to connect to agent`,
  );
  const child = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' });
  try {
    await vi.waitFor(() => expect(existsSync(agent)).toBe(true), 10_000);
    const locked = makeKey(server.directory, 'ecdsa');
    server.authorize(locked);
    for (const { path } of [makeKey(server.directory, 'rsa'), locked]) {
      const { stderr, status } = spawnSync('ssh-add', ['-q', path], {
        env: { SSH_AUTH_SOCK: agent },
        encoding: 'utf8',
      });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    }
    using lease = await pool.acquire(server.target({ credentials: { agent } }), never);
    expect(await runOver(lease, 'echo in')).toMatchObject({ stdout: 'in\n' });
  } finally {
    child.kill();
  }
});

test('a password logs in, a wrong one is refused', async () => {
  await using folder = await temporaryDirectory();
  await using peer = await startPeer((context) => {
    if (context.method === 'password' && context.password === 'open sesame') context.accept();
    else context.reject(['password']);
  });
  await using pool = poolIn(folder.path);
  using lease = await pool.acquire(peer.target({ credentials: { password: 'open sesame' } }), never);
  expect(await runOver(lease, 'hello')).toMatchObject({ stdout: 'hello', exitCode: 0 });
  await expect(pool.acquire(peer.target({ credentials: { password: 'wrong' } }), never)).rejects.toMatchObject({
    problem: 'auth-refused',
    message: `tester@127.0.0.1:${peer.port} refused to log in: tried password; the host accepts password`,
  });
});

test('a password answers the one hidden question of keyboard-interactive, and no other', async () => {
  await using folder = await temporaryDirectory();
  let questions = [{ prompt: 'Password: ', echo: false }];
  await using peer = await startPeer((context) => {
    if (context.method !== 'keyboard-interactive') {
      context.reject(['keyboard-interactive']);
      return;
    }
    context.prompt(questions, (answers) => {
      if (answers[0] === 'open sesame' && answers.length === 1) context.accept();
      else context.reject(['keyboard-interactive']);
    });
  });
  await using pool = poolIn(folder.path);
  const target = peer.target({ credentials: { password: 'open sesame' } });
  using lease = await pool.acquire(target, never);
  expect(await runOver(lease, 'hello')).toMatchObject({ stdout: 'hello' });
  questions = [...questions, { prompt: 'Verification code: ', echo: false }];
  await expect(pool.acquire({ ...target, hostKeys: 'off' }, never)).rejects.toThrow(
    'tried keyboard-interactive; the host accepts keyboard-interactive; it asked "Verification code:", which has no answer here',
  );
});

sshdTest('two factors are given one after the other, in the order of the host', async () => {
  await using folder = await temporaryDirectory();
  const key = makeKey(folder.path, 'ed25519');
  let isPasswordGiven = false;
  await using peer = await startPeer((context) => {
    if (context.method === 'password' && !isPasswordGiven) {
      isPasswordGiven = true;
      context.reject(['publickey'], true);
    } else if (context.method === 'publickey' && isPasswordGiven) context.accept();
    else context.reject([isPasswordGiven ? 'publickey' : 'password']);
  });
  await using pool = poolIn(folder.path);
  const credentials = { keys: [{ text: key.text, from: 'the test' }], password: 'x' };
  using lease = await pool.acquire(peer.target({ credentials }), never);
  expect(await runOver(lease, 'hello')).toMatchObject({ stdout: 'hello' });
});

test('a host that accepts nothing at all is not waited for', async () => {
  await using folder = await temporaryDirectory();
  await using pool = poolIn(folder.path);
  await using peer = await startPeer((context) => {
    context.reject([]);
  });
  await expect(pool.acquire(peer.target({ credentials: { password: 'x' } }), never)).rejects.toThrow(
    'refused to log in: none of the credentials could be tried',
  );
});
