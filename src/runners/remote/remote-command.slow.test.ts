import { chmod, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isAlive, untilTrue } from '../../../test/support/process-trial.ts';
import { type RemoteTrials, remoteTrials, pidOf } from '../../../test/support/remote-trial.ts';
import { hasSshd, type Sshd, sshdTest, startSshd } from '../../../test/support/sshd.ts';

let sshd: Sshd;
let trials: RemoteTrials;
const host = '127.0.0.1';

beforeAll(async () => {
  if (!hasSshd) return;
  sshd = await startSshd();
  trials = await remoteTrials(sshd);
});

afterAll(async () => {
  await trials?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

const command = 'echo $$; sleep 600 & echo $!; wait';

describe('the end of a command', () => {
  sshdTest('that leaves something in the background ends when it ends', async () => {
    const trial = trials.start('sleep 60 & echo $!');
    const { status } = await trial.outcome;
    expect(status).toBe('succeeded');
    const left = Number(trial.written('stdout').toString());
    expect(isAlive(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });

  sshdTest('has a time limit, keeps what it printed, and a moment to say goodbye', async () => {
    const trial = trials.start(`trap 'echo bye; exit' TERM; ${command}`, { timeout: 1 });
    const { status, result } = await trial.outcome;
    expect(status).toBe('timeout');
    expect(result[host]).toMatchObject({
      return_code: -9,
      timeout: true,
      failed: true,
      error: `Failed executing command on host "${host}". Command didn't finish in 1 seconds`,
      stdout: expect.stringMatching(/^\d+\n\d+\nbye$/),
    });
  });

  sshdTest('is killed after the grace where it does not listen', async () => {
    const trial = trials.start(`trap '' TERM; ${command}`, { timeout: 1 }, { killGraceMs: 300 });
    const pid = await pidOf(trial);
    expect((await trial.outcome).status).toBe('timeout');
    expect(isAlive(pid)).toBe(false);
  });

  sshdTest('dies with its connection, and the result says what happened', async () => {
    await using other = await startSshd();
    await using others = await remoteTrials(other);
    const trial = others.start(command);
    const pid = await pidOf(trial);
    await other.kill();
    const { status, result } = await trial.outcome;
    expect(status).toBe('failed');
    expect(result[host]).toMatchObject({
      return_code: 255,
      timeout: false,
      error: expect.stringMatching(/^Failed executing command on host "127.0.0.1"\. the connection to .* was lost/),
    });
    await untilTrue(() => !isAlive(pid));
  });
});

describe('connections', () => {
  sshdTest('lead through a bastion', async () => {
    await using gate = await startSshd();
    gate.authorize(sshd.userKey);
    const trial = trials.start('echo $SSH_CONNECTION', { bastion_host: `127.0.0.1:${gate.port}` });
    expect((await trial.outcome).status).toBe('succeeded');
    expect(gate.log()).toMatch(/Accepted publickey/);
    expect(trial.written('stdout').toString()).toContain(` ${sshd.port}\n`);
    await gate.kill();
    // Another execution on the same way: the bastion is named.
    const { result } = await trials.start('true', { bastion_host: `127.0.0.1:${gate.port}` }).outcome;
    expect(result[host]).toMatchObject({ error: expect.stringMatching(new RegExp(`:${gate.port}`)) });
  });

  sshdTest('that broke unnoticed are made anew, and the command is begun once', async () => {
    const sockets = new Set<Socket>();
    let isCut = false;
    const proxy = createServer((socket) => {
      const through = connect(sshd.port, '127.0.0.1');
      const isOld = sockets.size === 0;
      let isAnswered = false;
      sockets.add(socket).add(through);
      for (const end of [socket, through]) end.on('error', () => {});
      socket.on('data', (bytes) => {
        if (isAnswered) socket.destroy();
        else through.write(bytes);
      });
      through.on('data', (bytes) => {
        // The channel for the second command is opened; then what is to run on it gets lost with the connection.
        isAnswered = isOld && isCut;
        socket.write(bytes);
      });
      for (const [one, other] of [
        [socket, through],
        [through, socket],
      ] as const)
        one.on('close', () => other.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const address = proxy.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const run = () => trials.start(`echo x >> ${trials.home}/times`, {}, { hosts: `127.0.0.1:${port}` }).outcome;
      expect((await run()).status).toBe('succeeded');
      isCut = true;
      expect(await run()).toMatchObject({ status: 'succeeded' });
      expect(await readFile(join(trials.home, 'times'), 'utf8')).toBe('x\nx\n');
      expect(sockets.size).toBe(4);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});

describe('login shells', () => {
  sshdTest.each(['/bin/bash', '/bin/dash', '/bin/zsh', '/usr/bin/zsh'].filter(existsSync))('%s', async (shell) => {
    // What sshd does with the login shell of a user: it is given the command line with -c.
    const path = join(trials.home, `shell-${shell.replaceAll('/', '-')}`);
    await writeFile(path, `#!/bin/sh\nexec ${shell} -c "$SSH_ORIGINAL_COMMAND"\n`);
    await chmod(path, 0o755);
    await using other = await startSshd({ settings: [`ForceCommand ${path}`] });
    await using others = await remoteTrials(other);
    const { status, result } = await others.start('echo "$A"; echo problem >&2', { env: { A: 'a\n$b' } }).outcome;
    expect(result[host]).toMatchObject({ stdout: 'a\n$b', stderr: 'problem' });
    expect(status).toBe('succeeded');
  });
});
