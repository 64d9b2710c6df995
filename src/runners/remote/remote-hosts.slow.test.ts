import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isAlive, untilTrue } from '../../../test/support/process-trial.ts';
import { remoteTrials } from '../../../test/support/remote-trial.ts';
import { makeKey, sshdTest, startSshd } from '../../../test/support/sshd.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { HostResult } from './host-result.ts';

/** Takes connections and never says a word. */
async function deadHost(address: string, port: number): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const addresses = (count: number) =>
  Array.from({ length: count }, (_, at) => `127.0.${1 + (at >> 7)}.${1 + (at & 127)}`);
const resultsOf = (result: object) => result as Record<string, HostResult>; // every entry is a host's

sshdTest(
  'of twenty hosts, the bad ones say what is wrong with them and hold up nobody',
  { timeout: 60_000 },
  async () => {
    await using good = await startSshd({ isEverywhere: true });
    await using refusing = await startSshd();
    await using changed = await startSshd();
    await using trials = await remoteTrials(good, { connectTimeoutMs: 6_000, parallelMax: 4 });
    await using directory = await temporaryDirectory();
    changed.authorize(good.userKey);
    const wrong = makeKey(directory.path, 'ed25519').publicLine;
    await writeFile(join(trials.home, '.ssh/known_hosts'), `[127.0.0.1]:${changed.port} ${wrong}\n`);
    const fine = addresses(16).map((address) => `${address}:${good.port}`);
    const slow = `127.0.3.1:${good.port}`;
    // Nobody listens on this address with that port but the dead host.
    await using _dead = await deadHost('127.0.4.1', refusing.port);
    const dead = `127.0.4.1:${refusing.port}`;
    // The dead one first, and few at a time: it must not keep the others from their turn.
    const hosts = [dead, `127.0.0.1:${refusing.port}`, `127.0.0.1:${changed.port}`, slow, ...fine];
    const trial = trials.start(
      'case $SSH_CONNECTION in *127.0.3.1*) echo begun; sleep 600;; *) echo "fine $SSH_CONNECTION";; esac',
      { timeout: 5 },
      { hosts: hosts.join(', ') },
    );
    let isOver = false;
    void trial.outcome.finally(() => {
      isOver = true;
    });
    const fineHosts = addresses(16);
    await untilTrue(() => fineHosts.every((host) => trial.written('stdout', host).includes('fine')));
    // The rest was done before the slow and the dead one were given up.
    expect(isOver).toBe(false);
    const { status, result } = await trial.outcome;
    expect(status).toBe('failed');
    expect(Object.keys(result)).toHaveLength(20);
    const results = resultsOf(result);
    for (const host of fineHosts) {
      expect(results[host]).toMatchObject({
        succeeded: true,
        return_code: 0,
        stdout: expect.stringContaining(`${host} `),
      });
      expect(results[host]).not.toHaveProperty('error');
    }
    const errors = (host: string) => [results[host]?.return_code, results[host]?.timeout, results[host]?.error];
    expect(errors('127.0.3.1')).toEqual([
      -9,
      true,
      `Failed executing command on host "127.0.3.1". Command didn't finish in 5 seconds`,
    ]);
    expect(results['127.0.3.1']?.stdout).toBe('begun');
    expect(errors('127.0.4.1')).toEqual([
      255,
      false,
      expect.stringMatching(/^Failed connecting to host 127\.0\.4\.1\. no connection to .*127\.0\.4\.1:\d+ in 6 s/),
    ]);
    expect(errors(`127.0.0.1:${refusing.port}`)).toEqual([255, false, expect.stringMatching(/refused|denied|accept/)]);
    expect(errors(`127.0.0.1:${changed.port}`)).toEqual([
      255,
      false,
      expect.stringMatching(/^Failed connecting to host 127\.0\.0\.1:\d+\. .*known_hosts/s),
    ]);
  },
);

sshdTest('three hundred hosts come to their end, each with its own output', { timeout: 240_000 }, async () => {
  await using sshd = await startSshd({ isEverywhere: true });
  await using trials = await remoteTrials(sshd);
  const hosts = addresses(300);
  const trial = trials.start(
    'set -- $SSH_CONNECTION; echo $3; seq 1 5000 >&2',
    {},
    {
      hosts: hosts.map((host) => `${host}:${sshd.port}`).join(),
    },
  );
  const { status, result } = await trial.outcome;
  const results = resultsOf(result);
  expect(Object.values(results).filter(({ failed }) => failed)).toEqual([]);
  expect(status).toBe('succeeded');
  expect(Object.keys(results)).toEqual(hosts);
  const flood = `${Array.from({ length: 5_000 }, (_, at) => at + 1).join('\n')}\n`;
  for (const host of hosts) {
    expect(results[host]?.stdout).toBe(host);
    expect(trial.written('stdout', host).toString()).toBe(`${host}\n`);
    expect(trial.written('stderr', host).toString()).toBe(flood);
    // 4 times a million bytes for all of them would be less than 16 KiB each.
    expect(results[host]?.cut_bytes).toEqual({ stdout: 0, stderr: flood.length - 16_384 });
  }
});

sshdTest('a host whose connection breaks fails alone', { timeout: 60_000 }, async () => {
  await using steady = await startSshd();
  await using broken = await startSshd();
  broken.authorize(steady.userKey);
  await using trials = await remoteTrials(steady);
  const names = [`127.0.0.1:${steady.port}`, `127.0.0.1:${broken.port}`];
  const [good = '', bad = ''] = names;
  const trial = trials.start(
    `echo $$; [ -e ${trials.home}/go ] || while [ ! -e ${trials.home}/go ]; do sleep 0.1; done; echo done`,
    {},
    {
      hosts: names.join(),
    },
  );
  await untilTrue(() => names.every((name) => trial.written('stdout', name).length > 0));
  const pid = Number(trial.written('stdout', bad).toString());
  await broken.kill();
  await untilTrue(() => !isAlive(pid));
  await writeFile(join(trials.home, 'go'), '');
  const { status, result } = await trial.outcome;
  expect(status).toBe('failed');
  expect(result[good]).toMatchObject({ succeeded: true, stdout: expect.stringMatching(/done$/) });
  expect(result[bad]).toMatchObject({ return_code: 255, stdout: pid, error: expect.stringContaining('was lost') });
});
