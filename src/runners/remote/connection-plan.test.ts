import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { type ConnectionOptions, ConnectionPlan } from './connection-plan.ts';
import { parseHosts } from './host-list.ts';
import type { SshTarget } from './ssh/ssh-target.ts';

const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n';

async function homeWith(files: Readonly<Record<string, string>>) {
  const home = await temporaryDirectory();
  await mkdir(join(home.path, '.ssh'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(home.path, '.ssh', name), text);
  const options: ConnectionOptions = {
    systemUser: 'stanley',
    account: { home: home.path, user: 'server', environment: {} },
    keyFile: null,
    sshConfigPath: undefined,
    hostKeys: 'accept-new',
    connectTimeoutMs: 60_000,
  };
  const targetOf = async (host: string, parameters: object = {}, more: Partial<ConnectionOptions> = {}) => {
    const plan = await ConnectionPlan.of({ ...parameters }, { ...options, ...more });
    const [entry] = parseHosts(host);
    if (!entry) throw new Error('no host');
    return (await plan.targetOf(entry)).target;
  };
  const withAgent = { account: { ...options.account, environment: { SSH_AUTH_SOCK: '/agent' } } };
  return { path: home.path, targetOf, withAgent, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

const keysOf = ({ credentials }: SshTarget) => credentials.keys?.map(({ text, from }) => [text, from]);

test('without any word: the system user, port 22, its key, then an agent', async () => {
  await using home = await homeWith({ stanley_rsa: 'K1', id_rsa: 'K2', id_ed25519: 'K3' });
  const keyFile = join(home.path, '.ssh/stanley_rsa');
  const target = await home.targetOf('web1', {}, { keyFile, ...home.withAgent });
  expect(target).toMatchObject({
    host: 'web1',
    port: 22,
    user: 'stanley',
    bastions: [],
    hostKeys: 'accept-new',
    connectTimeoutMs: 60_000,
  });
  expect(target.credentials).toEqual({ keys: [{ text: 'K1', from: keyFile, isOptional: false }], agent: '/agent' });
  // Without a key of its own, the usual ones that are there, as far as they can be used.
  const usual = await home.targetOf('web1');
  expect(keysOf(usual)?.map(([text]) => text)).toEqual(['K3', 'K2']);
  expect(usual.credentials.keys?.every(({ isOptional }) => isOptional)).toBe(true);
});

test('a key of the system user that is missing is an error; the usual ones need not be there', async () => {
  await using home = await homeWith({});
  await expect(home.targetOf('web1', {}, { keyFile: join(home.path, 'none') })).rejects.toMatchObject({
    code: 'ssh_failed',
    message: expect.stringContaining('there is no such file'),
  });
  expect((await home.targetOf('web1')).credentials).toEqual({ keys: [] });
});

test('the port of an entry comes before that of the action, and that before the standard', async () => {
  await using home = await homeWith({});
  expect((await home.targetOf('web1:2200', { port: 2300 })).port).toBe(2200);
  expect((await home.targetOf('web1', { port: 2300 })).port).toBe(2300);
  await expect(home.targetOf('web1', { port: 70_000 })).rejects.toMatchObject({
    message: 'parameter "port": 70000 is no port; expected a number from 1 to 65535',
  });
});

test('what the action brings is used alone: password, key as text or as a file, with its passphrase', async () => {
  await using home = await homeWith({ id_rsa: 'K2', mine: 'K4' });
  expect((await home.targetOf('web1', { username: 'ann', password: 'pw' }, home.withAgent)).credentials).toEqual({
    password: 'pw',
  });
  expect((await home.targetOf('web1', { private_key: pem, passphrase: 'pp' }, home.withAgent)).credentials).toEqual({
    keys: [{ text: pem, from: 'parameter "private_key"', passphrase: 'pp', isOptional: false }],
  });
  expect(keysOf(await home.targetOf('web1', { private_key: '~/.ssh/mine' }))).toEqual([
    ['K4', join(home.path, '.ssh/mine')],
  ]);
  // Some hosts ask for both.
  expect((await home.targetOf('web1', { private_key: pem, password: 'pw' })).credentials).toEqual({
    keys: [{ text: pem, from: 'parameter "private_key"', isOptional: true }],
    password: 'pw',
  });
  await expect(home.targetOf('web1', { private_key: '/no/such/key' })).rejects.toMatchObject({
    message: expect.stringContaining('private key /no/such/key cannot be read'),
  });
});

test('a bastion has the user, the credentials and the port of the host, unless it says its port', async () => {
  await using home = await homeWith({});
  const parameters = { username: 'ann', password: 'pw', port: 2200 };
  const same = { user: 'ann', credentials: { password: 'pw' } };
  expect((await home.targetOf('web1', { ...parameters, bastion_host: 'gate' })).bastions).toEqual([
    { host: 'gate', port: 2200, ...same },
  ]);
  expect((await home.targetOf('web1', { ...parameters, bastion_host: '[2001:db8::1]:22' })).bastions).toEqual([
    { host: '2001:db8::1', port: 22, ...same },
  ]);
  await expect(home.targetOf('web1', { bastion_host: 'a b' })).rejects.toThrow('parameter "bastion_host": "a b"');
});

test('the SSH configuration is below the action and above the settings', async () => {
  await using home = await homeWith({
    id_rsa: 'K2',
    web: 'K5',
    config: `
Host web1
  HostName web1.internal
  User deploy
  Port 2201
  IdentityFile ~/.ssh/missing
  IdentityFile ~/.ssh/web
  ProxyJump ann@gate1:2202,gate2
Host gate2
  HostName gate2.internal
`,
  });
  const sshConfigPath = join(home.path, '.ssh/config');
  const target = await home.targetOf('web1', {}, { sshConfigPath });
  expect(target).toMatchObject({ host: 'web1.internal', port: 2201, user: 'deploy' });
  expect(keysOf(target)?.map(([text]) => text)).toEqual(['K5']);
  expect(target.bastions.map(({ host, port, user }) => [user, host, port])).toEqual([
    ['ann', 'gate1', 2202],
    ['stanley', 'gate2.internal', 22],
  ]);
  const given = { username: 'ann', port: 2300, password: 'pw', bastion_host: 'gate' };
  const over = await home.targetOf('web1', given, { sshConfigPath });
  expect(over).toMatchObject({ host: 'web1.internal', port: 2300, user: 'ann', credentials: { password: 'pw' } });
  expect(over.bastions.map(({ host }) => host)).toEqual(['gate']);
  // Not asked for, not read.
  expect((await home.targetOf('web1')).host).toBe('web1');
});
