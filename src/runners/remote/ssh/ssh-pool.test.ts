import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { never, poolIn, runOver } from '../../../../test/support/ssh-lease.ts';
import { sshdTest, startSshd } from '../../../../test/support/sshd.ts';
import { removePath, uploadDirectory, uploadFile } from './remote-files.ts';

sshdTest('a command is given its input, and its output, errors and exit code come back', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  expect(await runOver(lease, 'cat; echo bad >&2; exit 3', 'hello\n')).toEqual({
    exitCode: 3,
    stdout: 'hello\n',
    stderr: 'bad\n',
  });
});

sshdTest('a command can be signalled after its input has ended, and the signal is told', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  let pid = '';
  const channel = await lease.exec('echo $$; exec sleep 100', {
    onStdout: (bytes) => {
      pid += Buffer.from(bytes).toString();
    },
  });
  channel.end();
  await vi.waitFor(() => expect(pid).toMatch(/\n/), 10_000);
  channel.signal('TERM');
  if (process.getuid?.() === 0) {
    // sshd signals for everybody but root: there, that it was asked to is all that can be seen.
    await vi.waitFor(() => expect(server.log()).toMatch(/session signalling requires/), 10_000);
    expect(await runOver(lease, `kill -TERM ${pid}`)).toMatchObject({ exitCode: 0 });
  }
  expect(await channel.closed).toEqual({ signal: 'SIGTERM' });
});

sshdTest('with a terminal, lines end as on a terminal', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  let stdout = '';
  const channel = await lease.exec('test -t 1 && stty size; echo bad >&2', {
    pty: { columns: 100, rows: 30 },
    onStdout: (bytes) => {
      stdout += Buffer.from(bytes).toString();
    },
  });
  expect(await channel.closed).toEqual({ exitCode: 0 });
  expect(stdout).toBe('30 100\r\nbad\r\n');
});

sshdTest('commands one after another share a connection, also of another lease', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  for (let round = 0; round < 3; round += 1) {
    using lease = await pool.acquire(server.target(), never);
    for (let count = 0; count < 5; count += 1) expect((await runOver(lease, 'true')).exitCode).toBe(0);
  }
  expect(server.logins()).toBe(1);
});

sshdTest('200 commands at once all run, over connections that share them', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const ends = await Promise.all(Array.from({ length: 200 }, (_, index) => runOver(lease, `echo ${index}`)));
  expect(ends.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 200 }, (_, index) => index));
  expect(server.logins()).toBeLessThanOrEqual(25);
});

sshdTest('files and directories are copied with their modes, and removed', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  const remote = join(server.directory, "a 'remote' place", 'deep');
  const script = join(remote, '-script.sh');
  await uploadFile(lease, { text: 'first' }, script, 0o600);
  await uploadFile(lease, { text: '#!/bin/sh\necho hi' }, script, 0o744);
  expect(readFileSync(script, 'utf8')).toBe('#!/bin/sh\necho hi');
  expect(statSync(script).mode & 0o777).toBe(0o744);
  const local = join(server.directory, 'local');
  mkdirSync(join(local, 'sub', 'empty'), { recursive: true });
  for (let index = 0; index < 12; index += 1)
    writeFileSync(join(local, 'sub', `${index}`), `${index}`, { mode: 0o640 });
  writeFileSync(join(local, 'big'), Buffer.alloc(5_000_000, 'big'));
  await uploadDirectory(lease, local, join(remote, 'lib'));
  expect(readFileSync(join(remote, 'lib', 'sub', '11'), 'utf8')).toBe('11');
  expect(statSync(join(remote, 'lib', 'sub', '11')).mode & 0o777).toBe(0o640);
  expect(statSync(join(remote, 'lib', 'sub', 'empty')).isDirectory()).toBe(true);
  expect(readFileSync(join(remote, 'lib', 'big')).equals(readFileSync(join(local, 'big')))).toBe(true);
  await removePath(lease, remote);
  expect(() => statSync(remote)).toThrow('ENOENT');
});

sshdTest('a file that cannot be written is told with what the host said', async () => {
  await using server = await startSshd();
  await using pool = poolIn(server.directory);
  using lease = await pool.acquire(server.target(), never);
  await expect(uploadFile(lease, { text: '' }, '/proc/none/file', 0o600)).rejects.toThrow(
    /could not write \/proc\/none\/file: .*No such file or directory/,
  );
});
