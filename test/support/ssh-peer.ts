/**
 * The other side of an SSH connection for what a real sshd cannot be made to do in a test: passwords, without a system user who
 * has one. It is the server side of the library. Commands are answered with their own text.
 */
import { generateKeyPairSync } from 'node:crypto';
import ssh2, { type AuthContext } from 'ssh2';
import type { SshTarget } from '../../src/runners/remote/ssh/ssh-target.ts';

export interface SshPeer extends AsyncDisposable {
  readonly port: number;
  target(more?: Partial<SshTarget>): SshTarget;
}

export async function startPeer(authenticate: (context: AuthContext) => void): Promise<SshPeer> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    client.on('error', () => {}); // a client that leaves in the middle of something
    client.on('authentication', authenticate);
    client.on('session', (acceptSession) => {
      acceptSession().on('exec', (accept, _reject, { command }) => {
        const channel = accept();
        channel.write(command);
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { port } = address;
  return {
    port,
    target: (more = {}) => ({
      host: '127.0.0.1',
      port,
      user: 'tester',
      credentials: {},
      hostKeys: 'accept-new',
      bastions: [],
      connectTimeoutMs: 30_000,
      ...more,
    }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
