import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { emptySshConfig, patternsMatch, readSshConfig } from './ssh-config-file.ts';
import { hostSettings, parseJump, type SshAccount } from './ssh-config-host.ts';
import { targetFromConfig, type TargetWish } from './ssh-config-target.ts';

async function homeWith(files: Record<string, string>) {
  const folder = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder.path, name, '..'), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  const account: SshAccount = {
    home: folder.path,
    user: 'stanley',
    environment: { SSH_AUTH_SOCK: '/run/agent', KEYS: '/keys' },
  };
  const read = () => readSshConfig(join(folder.path, '.ssh/config'), folder.path);
  return { ...folder, path: folder.path, account, read };
}

function wishFor(host: string, more: Partial<TargetWish> = {}): TargetWish {
  return {
    host,
    defaults: {
      user: 'default',
      credentials: { password: 'secret' },
      hostKeys: 'accept-new',
      connectTimeoutMs: 60_000,
    },
    ...more,
  };
}

test('the first value that is set for a host wins, and identity files add up', async () => {
  await using home = await homeWith({
    '.ssh/config': `
# a comment
Host web* !web9
  HostName %h.example.com
  User=deploy
  IdentityFile ~/.ssh/%h-%r-%p
  Port 2222
Host "web1" other
  User late
  IdentityFile "${'$'}{KEYS}/with blank"   # and a comment
  ConnectTimeout 5
Host *
  IdentityFile relative
  IdentityAgent SSH_AUTH_SOCK
  UserKnownHostsFile ~/a /b
  StrictHostKeyChecking yes
  ServerAliveInterval 10
`,
  });
  const config = await home.read();
  expect(config.warnings).toEqual([]);
  expect(hostSettings(config, 'web1', home.account)).toEqual({
    hostName: 'web1.example.com',
    port: 2222,
    user: 'deploy',
    identityFiles: [
      join(home.path, '.ssh/web1.example.com-deploy-2222'),
      '/keys/with blank',
      join(home.path, 'relative'),
    ],
    identityAgent: '/run/agent',
    identitiesOnly: false,
    proxyJump: [],
    knownHostsFiles: [join(home.path, 'a'), '/b'],
    hostKeys: 'strict',
    connectTimeoutMs: 5_000,
    warnings: [],
  });
  expect(hostSettings(config, 'web9', home.account)).toMatchObject({ hostName: 'web9' });
  expect(hostSettings(config, 'web9', home.account)).not.toHaveProperty('port');
});

test('included files stand where they are included, under the same conditions', async () => {
  await using home = await homeWith({
    '.ssh/config': 'Host inner\n  Include conf.d/*.conf\n  User late\nHost *\n  Port 5\n',
    '.ssh/conf.d/b.conf': 'User second\n',
    '.ssh/conf.d/a.conf': 'User first\nHost none\n  User nobody\n',
    '.ssh/conf.d/.hidden.conf': 'User hidden\n',
  });
  const config = await home.read();
  expect(hostSettings(config, 'inner', home.account)).toMatchObject({ user: 'first', port: 5 });
  expect(hostSettings(config, 'none', home.account)).not.toHaveProperty('user');
});

test('files that include each other end', async () => {
  await using home = await homeWith({ '.ssh/config': 'User me\nInclude config\n' });
  const config = await home.read();
  expect(config.warnings).toEqual([expect.stringContaining('more than 16 files include each other')]);
  expect(hostSettings(config, 'any', home.account)).toMatchObject({ user: 'me' });
});

test('what is not supported is left out with a warning that names the line', async () => {
  await using home = await homeWith({
    '.ssh/config':
      'Match exec "true"\n  User evil\nMatch all\n  Port 0\n  ProxyCommand nc %h\n  StrictHostKeyChecking maybe\n  User\n',
  });
  const config = await home.read();
  const place = join(home.path, '.ssh/config');
  expect(config.warnings).toEqual([
    `${place}:1: "Match exec true" is not supported; what stands under it is left out`,
    `${place}:7: "user" has no value`,
  ]);
  const settings = hostSettings(config, 'any', home.account);
  expect(settings).not.toHaveProperty('user');
  expect(settings.warnings).toEqual([
    `${place}:4: "0" is no number from 1 to 65535`,
    `${place}:5: "proxycommand" is not supported`,
    `${place}:6: StrictHostKeyChecking "maybe" is none of yes, no, off, ask, accept-new`,
  ]);
});

test('a file that is not there is an empty one; one that cannot be read is told', async () => {
  await using home = await homeWith({ 'x/y': '' });
  expect(await readSshConfig(join(home.path, 'none'), home.path)).toEqual(emptySshConfig);
  const { warnings } = await readSshConfig(join(home.path, 'x'), home.path);
  expect(warnings).toEqual([expect.stringContaining(`${join(home.path, 'x')} cannot be read`)]);
});

test('ways over bastions are followed, each with its own settings', async () => {
  await using home = await homeWith({
    '.ssh/config': `
Host inner
  HostName 10.0.0.9
  ProxyJump middle,ops@last:2200
Host middle
  HostName 10.0.0.2
  User m
  IdentityFile ~/.ssh/middle
  ProxyJump outer
Host outer
  Port 2022
Host *
  ProxyJump outer
`,
    '.ssh/middle': 'key text',
  });
  const credentials = { password: 'secret', keys: [{ text: 'k', from: 'the test' }] };
  const { target } = await targetFromConfig(
    await home.read(),
    wishFor('inner', { user: 'given', credentials }),
    home.account,
  );
  expect(target).toEqual({
    host: '10.0.0.9',
    port: 22,
    user: 'given',
    credentials,
    hostKeys: 'accept-new',
    connectTimeoutMs: 60_000,
    knownHosts: [join(home.path, '.ssh/known_hosts'), '/etc/ssh/ssh_known_hosts'],
    bastions: [
      // The password is for the target alone.
      { host: 'outer', port: 2022, user: 'default', credentials: { keys: credentials.keys } },
      {
        host: '10.0.0.2',
        port: 22,
        user: 'm',
        credentials: {
          keys: [{ text: 'key text', from: join(home.path, '.ssh/middle'), isOptional: true }],
          agent: '/run/agent',
        },
      },
      { host: 'last', port: 2200, user: 'ops', credentials: { keys: credentials.keys } },
    ],
  });
});

test('a way that goes round is refused', async () => {
  await using home = await homeWith({ '.ssh/config': 'Host a\nProxyJump b\nHost b\nProxyJump a\n' });
  await expect(targetFromConfig(await home.read(), wishFor('a'), home.account)).rejects.toMatchObject({
    problem: 'incompatible',
    message: 'ProxyJump goes round: a, b, a',
  });
});

test('what was asked for stands above ssh_config, and that above the defaults', async () => {
  await using home = await homeWith({ '.ssh/config': 'Host a\nUser u\nPort 7\nIdentityFile ~/missing\n' });
  const config = await home.read();
  const plain = await targetFromConfig(config, wishFor('a'), home.account);
  expect(plain.target).toMatchObject({ user: 'u', port: 7, credentials: { password: 'secret' } });
  const given = await targetFromConfig(config, wishFor('a', { user: 'x', port: 8 }), home.account);
  expect(given.target).toMatchObject({ user: 'x', port: 8 });
});

test('jumps are read in all their forms', () => {
  expect(parseJump('gate')).toEqual({ host: 'gate' });
  expect(parseJump('me@gate:2222')).toEqual({ host: 'gate', port: 2222, user: 'me' });
  expect(parseJump('me@corp@gate')).toEqual({ host: 'gate', user: 'me@corp' });
  expect(parseJump('[2001:db8::1]:22')).toEqual({ host: '2001:db8::1', port: 22 });
  expect(parseJump('ssh://me@gate:22/')).toEqual({ host: 'gate', port: 22, user: 'me' });
  expect(parseJump('me@')).toBeUndefined();
  expect(parseJump('a:b')).toBeUndefined();
});

test('patterns', () => {
  expect(patternsMatch(['*.a', '!x.a'], 'y.a')).toBe(true);
  expect(patternsMatch(['*.a', '!x.a'], 'x.a')).toBe(false);
  expect(patternsMatch(['!x'], 'y')).toBe(false);
  expect(patternsMatch(['10.0.?.*'], '10.0.1.23')).toBe(true);
  expect(patternsMatch(['10.0.?.*'], '10.0.11.23')).toBe(false);
});
