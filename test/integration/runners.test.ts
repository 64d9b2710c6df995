/** What a command or script gets, and what its end becomes: environment, directory, user, exit codes, values, secrets. */
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from '../support/server-process.ts';
import { type Json, type TestServer, startServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';
import { EventStream } from '../support/sse.ts';

let server: TestServer;

const secret = 'Tr0ub4dor-and-3';

beforeAll(async () => {
  server = await startServer({
    config: '[stormtail]\naction_kill_grace_ms = 300\n',
    env: { SOMETHING_OF_THE_SERVER: 'leaked', DATABASE_PASSWORD: 'leaked', NODE_ENV: 'leaked', TZ: 'Asia/Tokyo' },
    files: {
      'packs/tried/pack.yaml':
        'ref: tried\nname: tried\ndescription: Tried here.\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n',
      'packs/tried/actions/args.yaml': `name: args
runner_type: local-shell-script
entry_point: args.sh
parameters:
  named: {type: string}
  flag: {type: boolean}
  list: {type: array, position: 1}
  number: {type: integer, position: 0}
  object: {type: object, position: 2}
`,
      // Not executable, as archives leave them.
      'packs/tried/actions/args.sh': '#!/bin/bash\nprintf "<%s>" "$@"\n',
      'packs/tried/actions/raw.yaml':
        'name: raw\nrunner_type: local-shell-cmd\nraw_stdout: true\nparameters: {cmd: {default: "echo 10"}}\n',
      'packs/tried/actions/missing.yaml': 'name: missing\nrunner_type: local-shell-script\nentry_point: nowhere.sh\n',
      'packs/tried/actions/outside.yaml': 'name: outside\nrunner_type: local-shell-script\nentry_point: outside.sh\n',
      'packs/tried/actions/guarded.yaml': `name: guarded
runner_type: local-shell-cmd
parameters:
  password: {type: string, secret: true}
  cmd: {default: "sleep 0.5; cat /dev/null"}
`,
    },
  });
});

afterAll(() => server[Symbol.asyncDispose]());

async function local(cmd: string, parameters: object = {}): Promise<Json> {
  return server.finished(await server.run('core.local', { cmd, ...parameters }));
}

describe('the environment of a command', () => {
  test('describes machine and user, names the execution, and holds nothing of the server', async () => {
    const finished = await local('env -0 | tr "\\0\\n" "\\n "');
    const id = finished['id'];
    const environment = new Map(
      String(finished['result'].stdout)
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(environment.get('ST2_ACTION_EXECUTION_ID')).toBe(id);
    expect(environment.get('ST2_ACTION_PACK_NAME')).toBe('core');
    expect(environment.get('ST2_ACTION_API_URL')).toBe(`${server.url}/api/v1`);
    expect(environment.get('ST2_ACTION_DEBUG')).toBe('False');
    // There, and hidden where it is printed.
    expect(environment.get('ST2_ACTION_AUTH_TOKEN')).toBe('********');
    expect(environment.get('TZ')).toBe('Asia/Tokyo');
    // Python's variables are for Python actions.
    expect(environment.has('ST2_AUTH_TOKEN')).toBe(false);
    const allowed =
      /^(ST2_ACTION_\w+|PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|\w+_(proxy|PROXY)|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PWD|OLDPWD|SHLVL|_)$/;
    expect([...environment.keys()].filter((name) => !allowed.test(name))).toEqual([]);
    expect(finished['result'].stdout).not.toContain('leaked');
    expect(finished['result'].stdout).not.toContain('STORMTAIL_');
  });

  test('takes variables from the parameter env, of any type and name, and no command from them', async () => {
    const env = {
      GREETING: 'it\'s "me" $HOME `id`\nsecond line',
      NUMBER: 5,
      LIST: [1],
      'WITH-DASH': 'x',
      ST2_ACTION_EXECUTION_ID: 'forged',
      PATH: process.env['PATH'] ?? '',
    };
    const finished = await local(
      'printf "%s|" "$GREETING" "$NUMBER" "$LIST" "$ST2_ACTION_EXECUTION_ID"; env | grep WITH-DASH',
      { env },
    );
    expect(finished['result'].stdout).toBe(`it's "me" $HOME \`id\`\nsecond line|5|[1]|${finished['id']}|WITH-DASH=x`);
  });

  test('names that would change how its shell starts do no harm', async () => {
    const env = {
      BASH_ENV: '/no/such',
      IFS: 'o',
      UID: '7',
      PS4: '$(id)',
      LD_BIND_NOW: '1',
      'BASH_FUNC_echo%%': '() { :; }',
    };
    const finished = await local('/bin/echo one two', { env });
    expect(finished).toMatchObject({ status: 'succeeded', result: { stdout: 'one two' } });
  });

  test('standard input is empty, no file of the server is open, and the session is its own', async () => {
    const finished = await local('cat; for fd in /proc/$$/fd/*; do echo "$(basename $fd) $(readlink $fd)"; done');
    const lines = String(finished['result'].stdout).split('\n');
    const open = lines.filter((line) => /^\d+ \//.test(line) && !line.includes('/proc/'));
    expect(open.map((line) => line.split(' ')[0])).toEqual(['0', '1', '2']);
    expect(open[0]).toBe('0 /dev/null');
    expect(finished['status']).toBe('succeeded');
  });
});

describe('where and as whom', () => {
  test('cwd; one that does not exist or is a file is a clear failure', async () => {
    expect((await local('pwd', { cwd: '/usr' }))['result'].stdout).toBe('/usr');
    const missing = await local('pwd', { cwd: '/no/such place' });
    expect(missing).toMatchObject({
      status: 'failed',
      result: { error: 'working directory "/no/such place": does not exist' },
    });
    const file = await local('pwd', { cwd: '/etc/passwd' });
    expect(file['result'].error).toBe('working directory "/etc/passwd": is not a directory');
    expect(missing['output'] ?? {}).not.toMatchObject({ records: 1 });
  });

  test.skipIf(process.getuid?.() !== 0)('core.local_sudo runs as root', async () => {
    const id = await server.run('core.local_sudo', { cmd: 'id -u; echo $ST2_ACTION_EXECUTION_ID' });
    expect(await server.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: `0\n${id}` } });
  });
});

describe('what the end becomes', () => {
  test.each([
    ['true', 'succeeded', { return_code: 0, succeeded: true, failed: false }],
    ['exit 1', 'failed', { return_code: 1, succeeded: false, failed: true }],
    ['exit 3', 'failed', { return_code: 3 }],
    ['exit 137', 'failed', { return_code: 137 }],
    ['exit 255', 'failed', { return_code: 255 }],
    ['no-such-command', 'failed', { return_code: 127, stderr: expect.stringContaining('no-such-command') }],
    ['kill -KILL $$', 'failed', { return_code: -9, signal: 'SIGKILL', error: expect.stringContaining('SIGKILL') }],
    ['kill -SEGV $$', 'failed', { return_code: -11, signal: 'SIGSEGV', error: expect.stringContaining('SIGSEGV') }],
    ['kill -TERM $$', 'abandoned', { return_code: -15, error: expect.stringContaining('SIGTERM') }],
    ['echo "unclosed', 'failed', { stderr: expect.stringMatching(/unexpected EOF/) }],
  ])('%s', async (cmd, status, result) => {
    expect(await local(cmd)).toMatchObject({ status, result });
  });

  test.each([
    ['echo 10', 10],
    ['echo -1.5e3', -1500],
    ['echo true', true],
    ['echo null', null],
    ['echo \'"text"\'', 'text'],
    [`echo '{"a": [1, {"b": null}]}'`, { a: [1, { b: null }] }],
    [`printf ' [1,\\n 2]\\n'`, [1, 2]],
    ['echo 10 20', '10 20'],
    ['echo True', 'True'],
    ['echo NaN', 'NaN'],
    ['echo 007', '007'],
    [`echo "{'a': 1}"`, "{'a': 1}"],
    ['printf "a\\r\\n"', 'a'],
    ['printf "a\\n\\n"', 'a\n'],
    ['printf ""', ''],
  ])('stdout of %s is taken as the value it is', async (cmd, value) => {
    const finished = await local(`${cmd}; ${cmd} >&2`);
    const twice = await local(cmd);
    expect(twice['result'].stdout).toEqual(value);
    expect(finished['result'].stderr).toEqual(value);
  });

  test('an action can opt out of that', async () => {
    expect((await server.finished(await server.run('tried.raw')))['result'].stdout).toBe('10');
  });
});

describe('scripts', () => {
  test('get named, then positional arguments, and are made executable', async () => {
    const parameters = { named: "it's $x", flag: true, list: ['a', 'b c'], number: 0, object: { k: 'v' } };
    const finished = await server.finished(await server.run('tried.args', parameters));
    expect(finished['result'].stdout).toBe(`<--named=it's $x><--flag><0><a,b c><{"k":"v"}>`);
  });

  test('that are missing or outside of their pack fail with the place', async () => {
    const missing = await server.finished(await server.run('tried.missing'));
    expect(missing).toMatchObject({
      status: 'failed',
      result: { error: expect.stringMatching(/nowhere\.sh" does not exist/) },
    });
    symlinkSync('/bin/echo', join(server.home, 'packs/tried/actions/outside.sh'));
    const outside = await server.finished(await server.run('tried.outside'));
    expect(outside).toMatchObject({
      status: 'failed',
      result: { error: expect.stringMatching(/outside\.sh" is outside its pack/) },
    });
  });

  test('a message with quotes, dollars and newlines is an argument, never a command', async () => {
    const message = `'; touch ${server.home}/hacked; echo '\n$(id)`;
    const finished = await server.finished(await server.run('core.echo', { message }));
    expect(finished['result'].stdout).toBe(message);
    expect(existsSync(join(server.home, 'hacked'))).toBe(false);
  });
});

describe('long parameters', () => {
  test('1 MB: a command says clearly that it is too long, and other executions go on', async () => {
    const finished = await local(`: ${'x'.repeat(1_000_000)}`);
    expect(finished['status']).toBe('failed');
    expect(finished['result'].error).toMatch(/longer than \d+ bytes|too long/);
    expect(await local('echo fine')).toMatchObject({ status: 'succeeded' });
  });
});

describe('secrets', () => {
  test('are masked in the API and on the streams, sealed in the database, and in no process list', async () => {
    using stream = await EventStream.open(`${server.url}/stream/v1/stream`, {
      headers: { 'St2-Api-Key': server.apiKey },
    });
    const created = await server.request('POST', '/api/v1/executions', {
      action: 'tried.guarded',
      parameters: { password: secret },
    });
    const id = created.json['id'];
    expect(created.text).not.toContain(secret);
    await server.reached(id, 'running');
    const commands = await until('its processes', () => {
      const found = processesOf(id);
      return found.length > 0 ? found : undefined;
    });
    expect(commands.map(({ command }) => command).join()).not.toContain(secret);
    expect(allCommandLines()).not.toContain(secret);
    await server.finished(id);
    await stream.waitFor('its end', ({ frames }) => frames.some((frame) => frame.data.includes('"succeeded"')));
    expect(stream.frames.map((frame) => frame.data).join('')).not.toContain(secret);
    for (const path of [`executions/${id}`, 'executions', `executions/${id}/attribute/status`])
      expect((await server.request('GET', `/api/v1/${path}`)).text, path).not.toContain(secret);
    const masked = (await server.request('GET', `/api/v1/executions/${id}`)).json;
    expect(masked['parameters'].password).toBe('********');
    expect((await server.execution(id))['parameters'].password).toBe(secret);
    // Re-run uses the real value, and seals it again.
    const again = await server.request('POST', `/api/v1/executions/${id}/re_run`, {});
    expect(again.status).toBe(201);
    expect((await server.execution(again.json['id']))['parameters'].password).toBe(secret);
    await server.finished(again.json['id']);
    for (const file of filesBelow(server.home)) expect(readFileSync(file).includes(secret), file).toBe(false);
    expect(server.stdout + server.stderr).not.toContain(secret);
  });
});

function allCommandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return ''; // gone meanwhile
      }
    })
    .join('\n');
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('the token of an action', () => {
  test('works for its user while it runs, not after it, and not when forged', async () => {
    const id = await server.run('core.local', { cmd: 'echo $ST2_ACTION_AUTH_TOKEN | rev; sleep 600' });
    // Backwards it is not recognised, and not hidden.
    const printed = await until('the token', async () => (await server.output(id)).trim() || undefined);
    const token = [...printed].reverse().join('');
    const whoami = (text: string) => server.request('GET', '/api/v1/user', undefined, { 'X-Auth-Token': text });
    const during = await whoami(token);
    expect(during.status).toBe(200);
    expect(during.json['username']).toBe('st2admin');
    expect((await whoami(`${token.slice(0, -2)}xx`)).status).toBe(401);
    await server.request('DELETE', `/api/v1/executions/${id}`);
    await server.finished(id);
    expect((await whoami(token)).status).toBe(401);
  });

  test('lets an action start another one as the same user', async () => {
    const cmd = `curl -sS -H "X-Auth-Token: $ST2_ACTION_AUTH_TOKEN" -H 'Content-Type: application/json' -d '{"action":"core.noop"}' $ST2_ACTION_API_URL/executions`;
    const finished = await local(cmd);
    expect(finished['result'].stdout).toMatchObject({ action: { ref: 'core.noop' }, context: { user: 'st2admin' } });
  });
});
