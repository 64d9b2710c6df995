/** Remote actions through a real server: requested over HTTP, run on a real sshd, each line with its host. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { isAlive, untilTrue } from '../support/process-trial.ts';
import { type Json, type TestServer, startServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';
import { hasSshd, type Sshd, sshdTest, startSshd } from '../support/sshd.ts';

let sshd: Sshd;
let server: TestServer;

beforeAll(async () => {
  if (!hasSshd) return;
  sshd = await startSshd();
  server = await startServer({
    config: `[system_user]
ssh_key_file = ${sshd.userKey.path}
[ssh_runner]
ssh_connect_timeout = 20
[stormtail]
action_kill_grace_ms = 500
`,
    files: {
      'packs/there/pack.yaml':
        'ref: there\nname: there\ndescription: Runs there.\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n',
      'packs/there/actions/greet.yaml': `name: greet
runner_type: remote-shell-script
entry_point: greet.sh
parameters: {whom: {type: string, position: 0}}
`,
      'packs/there/actions/greet.sh': '#!/bin/sh\n. "$(dirname "$0")/lib/words.sh"\necho "$word $1"\n',
      'packs/there/actions/lib/words.sh': 'word=hello\n',
    },
  });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

const hosts = () => `127.0.0.1:${sshd.port}, localhost:${sshd.port}`;

async function records(id: string): Promise<Json[]> {
  const text = await server.output(id, '?format=ndjson');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

sshdTest('core.remote is told of live with the host of every line, and ends with a result for each', async () => {
  const gate = join(server.home, 'gate');
  const cmd = `echo begun; echo problem >&2; until [ -e ${gate} ]; do sleep 0.05; done; echo 'done'; echo "$ST2_ACTION_EXECUTION_ID"`;
  const id = await server.run('core.remote', { hosts: hosts(), cmd });
  // While it runs.
  await until(
    'both hosts have begun',
    async () => (await records(id)).filter(({ data }) => data === 'begun\n').length === 2,
  );
  const lines = (await records(id)).map(({ host, output_type, data }) => [host, output_type, data]);
  for (const host of ['127.0.0.1', 'localhost']) {
    expect(lines).toContainEqual([host, 'stdout', 'begun\n']);
    await until('its stderr', async () =>
      (await records(id)).some((record) => record.host === host && record.output_type === 'stderr'),
    );
  }
  const other = await server.run('core.local', { cmd: `touch ${gate}` });
  await server.finished(other);
  const { status, result } = await server.finished(id);
  expect(status).toBe('succeeded');
  const entry = { failed: false, succeeded: true, return_code: 0, stdout: `begun\ndone\n${id}`, stderr: 'problem' };
  expect(result).toEqual({ '127.0.0.1': entry, localhost: entry });
  const texts = (await records(id))
    .filter(({ host }) => host === 'localhost')
    .map(({ data, output_type }) => [output_type, data]);
  expect(
    texts
      .filter(([type]) => type === 'stdout')
      .map(([, data]) => data)
      .join(''),
  ).toBe(`begun\ndone\n${id}\n`);
  expect(existsSync(join(server.home, 'known_hosts'))).toBe(true);
});

sshdTest('canceling it stops it on the host', async () => {
  const id = await server.run('core.remote', { hosts: hosts(), cmd: 'echo $$; sleep 600' });
  const pids = async () => (await records(id)).map(({ data }) => Number(data));
  await until('both have said who they are', async () => (await pids()).length === 2);
  const running = await pids();
  expect((await server.request('DELETE', `/api/v1/executions/${id}`)).status).toBe(200);
  const { status, result } = await server.finished(id);
  expect(status).toBe('canceled');
  expect(result['localhost']).toMatchObject({ error: 'canceled' });
  expect(running.map(isAlive)).toEqual([false, false]);
});

sshdTest('a script of a pack runs there, with its lib', async () => {
  const id = await server.run('there.greet', { hosts: `localhost:${sshd.port}`, whom: 'you' });
  const { status, result } = await server.finished(id);
  expect(result).toMatchObject({ localhost: { stdout: 'hello you', return_code: 0 } });
  expect(status).toBe('succeeded');
});

sshdTest('when the server dies, the command ends with it, and the next server says so', async () => {
  const id = await server.run('core.remote', { hosts: `localhost:${sshd.port}`, cmd: 'echo $$; sleep 600' });
  const [pid] = await until('its pid', async () => {
    const said = (await records(id)).map(({ data }) => Number(data));
    return said.length === 1 ? said : undefined;
  });
  await server.kill();
  await untilTrue(() => !isAlive(pid ?? 0));
  server = await server.again();
  const { status, result } = await server.finished(id);
  expect(status).toBe('abandoned');
  expect(result['error']).toContain('connections of the server');
});

sshdTest('root is reached by sudo where it needs no password', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'only root may certainly use sudo without a password');
  const id = await server.run('core.remote_sudo', {
    hosts: `localhost:${sshd.port}`,
    cmd: 'id -u; echo "$A"',
    env: { A: 'b c' },
  });
  const { result } = await server.finished(id);
  expect(result['localhost']).toMatchObject({ stdout: '0\nb c', return_code: 0 });
});

sshdTest('where no host can be reached, the execution says which and why', async () => {
  const id = await server.run('core.remote', { hosts: 'host.invalid', cmd: 'true' });
  const { status, result } = await server.finished(id, 30_000);
  expect(status).toBe('failed');
  expect(result['error']).toMatch(
    /^Unable to connect to any one of the hosts: \['host\.invalid'\]\.\n\n connect_errors=\{/,
  );
  expect(result['host.invalid']).toMatchObject({ return_code: 255, failed: true });
});
