import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../base/clock.ts';
import { never, poolIn, runOver } from '../../../../test/support/ssh-lease.ts';
import { type Sshd, sshdTest, startSshd } from '../../../../test/support/sshd.ts';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import type { SshChannel } from './ssh-channel.ts';
import type { SshHop, SshTarget } from './ssh-target.ts';

/** A listener that does with a connection what it is told to. */
async function listener(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a TCP server that listens
  return {
    port,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function targetAt(port: number, more: Partial<SshTarget> = {}): SshTarget {
  return {
    host: '127.0.0.1',
    port,
    user: 'tester',
    credentials: { password: 'x' },
    hostKeys: 'accept-new',
    bastions: [],
    connectTimeoutMs: 30_000,
    ...more,
  };
}

function hopTo(server: Sshd): SshHop {
  const { host, port, user, credentials } = server.target();
  return { host, port, user, credentials };
}

test('a closed port, an unknown name, a server that is none and one that hangs up are told apart', async () => {
  await using folder = await temporaryDirectory();
  await using pool = poolIn(folder.path);
  const closed = await listener(() => {});
  await closed[Symbol.asyncDispose]();
  await expect(pool.acquire(targetAt(closed.port), never)).rejects.toMatchObject({
    problem: 'refused',
    message: `tester@127.0.0.1:${closed.port} cannot be connected: nothing listens on port ${closed.port} (connection refused)`,
  });
  await expect(pool.acquire(targetAt(22, { host: 'no-such-host.invalid' }), never)).rejects.toMatchObject({
    problem: 'dns',
  });
  await using web = await listener((socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  });
  await expect(pool.acquire(targetAt(web.port), never)).rejects.toMatchObject({
    problem: expect.stringMatching(/incompatible|lost/),
  });
  await using silent = await listener((socket) => {
    socket.end();
  });
  await expect(pool.acquire(targetAt(silent.port), never)).rejects.toMatchObject({
    problem: 'lost',
    message: expect.stringContaining('closed the connection during the SSH handshake: it said nothing'),
  });
  expect(pool.connections).toBe(0);
});

test('a host that accepts and never answers costs the connect timeout, and is told with where it got stuck', async () => {
  await using folder = await temporaryDirectory();
  const clock = new ManualClock();
  await using pool = poolIn(folder.path, { clock });
  await using mute = await listener((socket) => socket.resume());
  const acquired = pool.acquire(targetAt(mute.port, { connectTimeoutMs: 60_000 }), never);
  acquired.catch(() => {});
  await vi.waitFor(() => expect(mute.sockets).toHaveLength(1), 10_000);
  clock.advance(60_000);
  await expect(acquired).rejects.toMatchObject({
    problem: 'timeout',
    message: `no connection to tester@127.0.0.1:${mute.port} in 60 s: it accepted the connection and did not finish the SSH handshake`,
  });
  // Nobody is left hanging on it.
  await vi.waitFor(() => expect(mute.sockets[0]?.readableEnded || mute.sockets[0]?.destroyed).toBe(true), 10_000);
});

test('whoever gives up is let go at once, and the login that nobody waits for is ended', async () => {
  await using folder = await temporaryDirectory();
  await using pool = poolIn(folder.path);
  await using mute = await listener((socket) => socket.resume());
  const one = new AbortController();
  const two = new AbortController();
  const first = pool.acquire(targetAt(mute.port), one.signal);
  const second = pool.acquire(targetAt(mute.port), two.signal);
  first.catch(() => {});
  second.catch(() => {});
  await vi.waitFor(() => expect(mute.sockets).toHaveLength(1), 10_000);
  one.abort(new Error('not any more'));
  await expect(first).rejects.toThrow('not any more');
  expect(mute.sockets[0]?.readableEnded).toBe(false);
  two.abort(new Error('nor me'));
  await expect(second).rejects.toThrow('nor me');
  await vi.waitFor(() => expect(mute.sockets[0]?.readableEnded || mute.sockets[0]?.destroyed).toBe(true), 10_000);
});

sshdTest(
  'a host with another key than before is refused before anything is sent; with checking off it is not',
  async () => {
    await using server = await startSshd();
    await using pool = poolIn(server.directory);
    (await pool.acquire(server.target(), never))[Symbol.dispose]();
    await server.restart();
    const changed = server.target();
    await expect(pool.acquire(changed, never)).rejects.toMatchObject({ problem: 'host-key-changed' });
    expect(server.logins()).toBe(1);
    using lease = await pool.acquire({ ...changed, hostKeys: 'off' }, never);
    expect(await runOver(lease, 'echo in')).toMatchObject({ stdout: 'in\n' });
  },
);

sshdTest('strict lets only known hosts in; of several host keys the known one is asked for', async () => {
  await using server = await startSshd({ hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
  await using pool = poolIn(server.directory);
  const known = join(server.directory, 'known');
  const target = server.target({ hostKeys: 'strict', knownHosts: [known] });
  await expect(pool.acquire(target, never)).rejects.toMatchObject({ problem: 'host-key-unknown' });
  for (const kind of ['ecdsa', 'rsa', 'ed25519'] as const) {
    writeFileSync(known, `[127.0.0.1]:${server.port} ${server.hostKey(kind)}\n`);
    await using fresh = poolIn(server.directory);
    using lease = await fresh.acquire(target, never);
    expect(await runOver(lease, 'echo in')).toMatchObject({ stdout: 'in\n' });
  }
});

sshdTest('a way over two bastions, each with its own key, which targets behind them share', async () => {
  await using outer = await startSshd();
  await using middle = await startSshd();
  await using inner = await startSshd();
  await using pool = poolIn(outer.directory);
  const bastions = [hopTo(outer), hopTo(middle)];
  using lease = await pool.acquire(inner.target({ bastions }), never);
  using other = await pool.acquire(inner.target({ bastions, connectTimeoutMs: 20_000, hostKeys: 'accept-new' }), never);
  expect(await runOver(lease, 'echo $SSH_CONNECTION')).toMatchObject({ exitCode: 0 });
  expect(await runOver(other, 'echo in')).toMatchObject({ stdout: 'in\n' });
  using beside = await pool.acquire(middle.target({ bastions: [hopTo(outer)] }), never);
  expect(await runOver(beside, 'echo in')).toMatchObject({ stdout: 'in\n' });
  expect([outer.logins(), middle.logins(), inner.logins()]).toEqual([1, 1, 1]);
  // A bastion that is not the one it was is refused, whatever the target says.
  await middle.restart();
  await using fresh = poolIn(outer.directory);
  await expect(fresh.acquire(inner.target({ bastions }), never)).rejects.toMatchObject({
    problem: 'host-key-changed',
    message: expect.stringContaining(`[127.0.0.1]:${middle.port}`),
  });
});

sshdTest('what fails behind a bastion, and a bastion that does not forward', async () => {
  await using gate = await startSshd();
  await using closed = await startSshd({ settings: ['AllowTcpForwarding no'] });
  await using pool = poolIn(gate.directory);
  const dead = await listener(() => {});
  await dead[Symbol.asyncDispose]();
  const gateName = `${gate.target().user}@127.0.0.1:${gate.port}`;
  await expect(pool.acquire(targetAt(dead.port, { bastions: [hopTo(gate)] }), never)).rejects.toMatchObject({
    problem: 'refused',
    message: expect.stringContaining(`${gateName} cannot connect to 127.0.0.1:${dead.port}: `),
  });
  await expect(pool.acquire(gate.target({ bastions: [hopTo(closed)] }), never)).rejects.toMatchObject({
    problem: 'channel-refused',
    message: expect.stringContaining('its sshd does not allow it (AllowTcpForwarding, PermitOpen)'),
  });
  const stranger = { ...hopTo(gate), credentials: {} };
  await expect(pool.acquire(gate.target({ bastions: [stranger] }), never)).rejects.toMatchObject({
    problem: 'auth-refused',
    message: expect.stringContaining(gateName),
  });
});

sshdTest('more commands at once than sessions are allowed per connection: further connections are opened', async () => {
  await using server = await startSshd({ settings: ['MaxSessions 2'] });
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const outputs: string[] = [];
  // Each waits for its input, so that all of them must run at the same time.
  const channels = await Promise.all(
    Array.from({ length: 9 }, async (_, index) =>
      lease.exec('cat', { onStdout: (bytes) => void outputs.push(`${index}${Buffer.from(bytes).toString()}`) }),
    ),
  );
  expect(pool.connections).toBeGreaterThanOrEqual(5);
  await Promise.all(channels.map((channel) => channel.write('!')));
  for (const channel of channels) channel.end();
  const ends = await Promise.all(channels.map((channel) => channel.closed));
  expect(ends).toEqual(Array.from({ length: 9 }, () => ({ exitCode: 0 })));
  expect(outputs.toSorted()).toEqual(Array.from({ length: 9 }, (_, index) => `${index}!`));
});

sshdTest('a host without sessions refuses commands, and says so', async () => {
  await using server = await startSshd({ settings: ['MaxSessions 0'] });
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const tries = await Promise.allSettled(Array.from({ length: 12 }, () => lease.exec('true')));
  for (const one of tries) expect(one).toMatchObject({ reason: { problem: 'channel-refused' } });
});

sshdTest('sessions of commands that were let go and still run do not block the next ones', async () => {
  await using server = await startSshd({ settings: ['MaxSessions 1'] });
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  let pid = '';
  const channel = await lease.exec('echo $$; exec sleep 100 >/dev/null 2>&1', {
    onStdout: (bytes) => {
      pid += Buffer.from(bytes).toString();
    },
  });
  await vi.waitFor(() => expect(pid).toMatch(/\n/), 10_000);
  channel.close();
  expect(await channel.closed).toEqual({});
  expect(await runOver(lease, `kill ${pid}`)).toMatchObject({ exitCode: 0 });
});

sshdTest('an sshd that dies under a command is told as lost; the lease works on once it is back', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  const target = server.target({ hostKeys: 'off' });
  using lease = await pool.acquire(target, never);
  let output = '';
  const channel = await lease.exec('echo up; exec sleep 100', {
    onStdout: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  await vi.waitFor(() => expect(output).toBe('up\n'), 10_000);
  await server.kill();
  await expect(channel.closed).rejects.toMatchObject({ problem: 'lost' });
  await expect(lease.exec('true')).rejects.toMatchObject({ problem: 'refused' });
  await server.restart();
  expect(await runOver(lease, 'echo again')).toMatchObject({ stdout: 'again\n' });
});

sshdTest('a peer that falls silent is noticed', async () => {
  await using server = await startSshd();
  let isMute = false;
  await using relay = await listener((socket) => {
    const onward = connect(server.port, '127.0.0.1');
    onward.on('error', () => {});
    socket.on('data', (bytes) => isMute || onward.write(bytes));
    onward.on('data', (bytes) => isMute || socket.write(bytes));
    socket.on('close', () => onward.destroy());
  });
  await using pool = poolIn(server.directory, { keepaliveMs: 500 });
  using lease = await pool.acquire(server.target({ port: relay.port }), never);
  const channel = await lease.exec('exec sleep 100');
  isMute = true;
  await expect(channel.closed).rejects.toMatchObject({
    problem: 'lost',
    message: expect.stringContaining('Keepalive timeout'),
  });
  expect(pool.connections).toBe(0);
});

sshdTest('idle connections are closed, but the one of a lease is kept', async () => {
  await using server = await startSshd();
  const clock = new ManualClock();
  await using pool = poolIn(server.directory, { clock, idleMs: 60_000 });
  const lease = await pool.acquire(server.target(), never);
  expect(await runOver(lease, 'true')).toMatchObject({ exitCode: 0 });
  clock.advance(200_000);
  expect(pool.connections).toBe(1);
  lease[Symbol.dispose]();
  clock.advance(15_000);
  expect(pool.connections).toBe(0);
  await vi.waitFor(() => expect(server.log()).toMatch(/disconnected by user|Connection closed|Disconnected/), 10_000);
});

sshdTest('a pool that is closed takes its commands along, and takes no new ones', async () => {
  await using server = await startSshd();
  const pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const channel = await lease.exec('exec sleep 100');
  await pool[Symbol.asyncDispose]();
  await expect(channel.closed).rejects.toMatchObject({
    problem: 'lost',
    message: expect.stringContaining('the server is stopping'),
  });
  await expect(pool.acquire(server.target(), never)).rejects.toMatchObject({ problem: 'aborted' });
  await expect(lease.exec('true')).rejects.toMatchObject({ problem: 'aborted' });
});

sshdTest('a receiver that is busy holds the command back, and gets everything', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  let received = 0;
  let letGo = (): void => {};
  const busy = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const total = 64 * 1024 * 1024;
  let written = '';
  const channel: SshChannel = await lease.exec(`head -c ${total} /dev/zero && echo all written >&2`, {
    onStdout: (bytes) => {
      received += bytes.length;
      return busy;
    },
    onStderr: (bytes) => {
      written += Buffer.from(bytes).toString();
    },
  });
  await vi.waitFor(() => expect(received).toBeGreaterThan(0), 10_000);
  // While it is held back, other commands go on, and that one does not.
  for (let count = 0; count < 20; count += 1) await runOver(lease, 'true');
  expect(received).toBeLessThan(total / 4);
  expect(written).toBe('');
  letGo();
  expect(await channel.closed).toEqual({ exitCode: 0 });
  expect(received).toBe(total);
  expect(written).toBe('all written\n');
});

sshdTest('big input waits for a command that reads slowly, and ends with one that does not read', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let counted = '';
  const counter = await lease.exec('wc -c', {
    onStdout: (bytes) => {
      counted += Buffer.from(bytes).toString().trim();
    },
  });
  for (let count = 0; count < 16; count += 1) await counter.write(piece);
  counter.end();
  expect(await counter.closed).toEqual({ exitCode: 0 });
  expect(counted).toBe(String(16 * piece.length));
  const deaf = await lease.exec('exec true');
  for (let count = 0; count < 16; count += 1) await deaf.write(piece);
  deaf.end();
  expect(await deaf.closed).toEqual({ exitCode: 0 });
});
