/** Starting: what is said, what is refused and how clearly, and what bad content and bad requests are answered with. */
import { accessSync, chmodSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failToStart, type TestServer, startServer } from '../support/server.ts';
import { fillDisk, leaveOut, smallDisk } from '../support/server-small-disk.ts';
import { until, within } from '../support/server-wait.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const isRoot = process.getuid?.() === 0;

describe.concurrent('a start', () => {
  test('greets with address, user, password and a command; keeps credentials private; a second one is silent about the password', async () => {
    await using first = await startServer();
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(/^Stormtail \d+\.\d+\.\d+ is running\.$/m);
    expect(first.stdout).toMatch(/^ {2}user {6}st2admin {3}password {2}\S{12,} {3}\(shown only this once\)$/m);
    expect(first.stdout).toContain(`  data      ${first.home}\n`);
    expect(first.stdout).toContain('st2 run core.local');
    expect(statSync(join(first.home, 'cli.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(first.home, 'cli.json'), 'utf8'))).toEqual({
      url: first.url,
      api_key: first.apiKey,
    });
    for (const name of ['secret.key', 'server.pid'])
      expect(statSync(join(first.home, name)).mode & 0o077, name).toBe(0);
    expect(statSync(join(first.home, 'output')).mode & 0o077).toBe(0);
    const password = /password {2}(\S+)/.exec(first.stdout)?.[1] ?? '';
    for (const name of ['htpasswd', 'cli.json', 'stormtail.db'])
      expect(readFileSync(join(first.home, name)).includes(password), name).toBe(false);
    first.signal('SIGTERM');
    expect(await within('the exit', 5_000, first.exited)).toEqual({ code: 0, signal: null });

    const second = await first.again();
    expect(second.stdout).toMatch(/^ {2}user {6}st2admin$/m);
    expect(second.stdout).not.toContain('password');
    expect(JSON.parse(readFileSync(join(second.home, 'cli.json'), 'utf8'))).toEqual({
      url: second.url,
      api_key: second.apiKey,
    });
    const basic = { Authorization: `Basic ${Buffer.from(`st2admin:${password}`).toString('base64')}` };
    expect((await second.request('POST', '/auth/v1/tokens', {}, basic)).status).toBe(201);
    second.signal('SIGINT');
    expect(await within('the exit', 5_000, second.exited)).toEqual({ code: 0, signal: null });
  });

  test('on a home that another server holds is refused, and leaves that one alone', async () => {
    await using first = await startServer();
    const refused = await failToStart({ home: first.home });
    expect(refused.code).toBe(1);
    expect(refused.output).toBe(
      `STORMTAIL_HOME ${first.home} is in use by another Stormtail server (pid ${first.pid}); stop it first, or set STORMTAIL_HOME to another directory\n`,
    );
    const id = await first.run('core.local', { cmd: 'echo still here' });
    expect(await first.finished(id)).toMatchObject({ status: 'succeeded' });
    await first.kill();
    // Its lock file is still there.
    const second = await first.again();
    expect((await second.request('GET', '/api/v1/status')).status).toBe(200);
  });

  test('on a port that is taken names it and what to do', async () => {
    await using home = await temporaryDirectory();
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    try {
      const address = other.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const refused = await failToStart({ home: home.path, env: { STORMTAIL_LISTEN: `127.0.0.1:${port}` } });
      expect(refused.code).toBe(1);
      expect(refused.output).toMatch(new RegExp(`another process listens on 127\\.0\\.0\\.1:${port} already`));
      expect(refused.output).toMatch(/STORMTAIL_LISTEN=/);
      expect(refused.output).not.toMatch(/^ {4}at /m);
    } finally {
      other.close();
    }
  });

  test('on a home that is a file, or below one', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'file');
    writeFileSync(file, 'precious');
    for (const home of [file, join(file, 'below')]) {
      const { code, output } = await within('the refusal', 20_000, refusedStart(home));
      expect(code).toBe(1);
      expect(output).toBe(
        `STORMTAIL_HOME ${home}: it is, or lies below, a file; make it writable or set STORMTAIL_HOME to another directory\n`,
      );
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test('on a home that may not be written', async (context) => {
    await using directory = await temporaryDirectory();
    const home = join(directory.path, 'home');
    mkdirSync(home);
    chmodSync(home, 0o555);
    chmodSync(directory.path, 0o755);
    if (isRoot && !isReadableForAll(join(import.meta.dirname, '../..')))
      return leaveOut(context, 'other users cannot read this checkout');
    const { code, output } = await refusedStart(home, isRoot ? 65_534 : undefined);
    expect(code).toBe(1);
    expect(output).toBe(
      `STORMTAIL_HOME ${home}: this user may not write there; make it writable or set STORMTAIL_HOME to another directory\n`,
    );
  });

  test('on a full disk says so', async (context) => {
    if (!isRoot) return leaveOut(context, 'only root can mount a small disk');
    await using directory = await temporaryDirectory();
    await using _disk = await smallDisk(directory.path, '4k');
    fillDisk(join(directory.path, 'fill'));
    const { code, output } = await refusedStart(join(directory.path, 'home'));
    expect(code).toBe(1);
    expect(output).toMatch(/disk is full/);
    expect(output).not.toMatch(/^ {4}at /m);
  });

  test('reports unknown settings by name and line, with what was meant, and goes on', async () => {
    await using server = await startServer({
      config: '[api]\nmask_secret = true\n\n[actionruner]\nactions_pool_size = 3\n[exporter]\nlogging = x\n',
      env: { STORMTAIL_STREAM_HEARTBET: '3' },
    });
    const said = server.stderr.trim().split('\n');
    expect(said).toContain(
      'note: stormtail.conf:2: unknown option "mask_secret" in [api]; did you mean "mask_secrets"?',
    );
    expect(said).toContain('note: stormtail.conf:4: unknown section [actionruner]; did you mean "actionrunner"?');
    expect(said).toContain(
      'note: stormtail.conf:5: option "actions_pool_size" is in an unknown section, [actionruner]',
    );
    expect(server.stderr).toMatch(/^note: .*STORMTAIL_STREAM_HEARTBET.*STORMTAIL_STREAM_HEARTBEAT/m);
    expect(server.stderr).toMatch(
      /^note: stormtail\.conf: accepted for compatibility.*\[exporter\] logging \(line 7\)/m,
    );
  });

  test('refuses bad values, all of them at once', async () => {
    await using home = await temporaryDirectory();
    const { code, output } = await failToStart({
      home: home.path,
      config: '[actionrunner]\nactions_pool_size = many\n[stream]\nheartbeat = -1\nnot a setting\n',
      env: { STORMTAIL_COMPAT_PORTS: 'perhaps' },
    });
    expect(code).toBe(2);
    expect(output).toMatch(/stormtail\.conf:2: \[actionrunner\] actions_pool_size: expected .*, got "many"/);
    expect(output).toMatch(/stormtail\.conf:4: \[stream\] heartbeat: expected .*, got "-1"/);
    expect(output).toMatch(/stormtail\.conf:5: /);
    expect(output).toMatch(/STORMTAIL_COMPAT_PORTS/);
  });

  test('the compatible ports: on, and a note where one is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    const free = createServer().listen(0, '127.0.0.1');
    const portOf = (of: typeof taken) => {
      const address = of.address();
      return typeof address === 'object' && address ? address.port : 0;
    };
    await until('both listen', () => taken.listening && free.listening);
    const [takenPort, freePort] = [portOf(taken), portOf(free)];
    await new Promise((resolve) => free.close(resolve));
    try {
      await using server = await startServer({
        config: `[auth]\nport = ${takenPort}\n[stream]\nport = ${freePort}\n`,
        env: { STORMTAIL_COMPAT_PORTS: 'on' },
      });
      expect(server.stderr).toMatch(new RegExp(`^note: .*${takenPort}`, 'm'));
      const id = await server.run('core.local', { cmd: 'echo one' });
      await server.finished(id);
      const answer = await fetch(`http://127.0.0.1:${freePort}/v1/executions/${id}/output`, {
        headers: { 'St2-Api-Key': server.apiKey },
      });
      expect(await answer.text()).toMatch(/"data":"one\\n"[\s\S]*event: EOF\ndata: ''\n\n$/);
    } finally {
      taken.close();
    }
  });
});

async function refusedStart(home: string, uid?: number) {
  return failToStart({ home, ...(uid !== undefined && { uid }) });
}

function isReadableForAll(path: string): boolean {
  for (let at = path; at !== '/'; at = join(at, '..')) {
    accessSync(at, constants.R_OK);
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
  }
  return true;
}

describe('bad content', () => {
  let server: TestServer;
  const good = { 'packs/good/pack.yaml': pack('good'), 'packs/good/actions/fine.yaml': command('fine') };

  beforeAll(async () => {
    server = await startServer({
      mayHavePackProblems: true,
      files: {
        ...good,
        'packs/half/pack.yaml': pack('half'),
        'packs/half/actions/fine.yaml': command('fine'),
        'packs/half/actions/bad.yaml': 'name: bad\nrunner_type: local-shell-cmd\nparameters:\n  a: [1, 2\n  b: 3\n',
        'packs/half/actions/unknown.yaml': 'name: unknown\nrunner_type: local-shell-cdm\n',
        'packs/half/actions/typed.yaml':
          'name: typed\nrunner_type: local-shell-cmd\nparameters:\n  n:\n    type: numbr\n',
        'packs/torn/pack.yaml': 'name: torn\n\tversion: 1\n',
        'packs/empty/actions/x.yaml': command('x'),
      },
    });
  });

  afterAll(() => server[Symbol.asyncDispose]());

  test('is told at start with pack, file, line and column; the rest works', async () => {
    const said = server.stderr.split('\n').filter((line) => line.startsWith('pack: '));
    expect(said.find((line) => line.includes('bad.yaml'))).toMatch(/"half".*line [45], column \d+/);
    expect(said.find((line) => line.includes('unknown.yaml'))).toMatch(/line 2, column \d+.*local-shell-cdm/);
    expect(said.find((line) => line.includes('typed.yaml'))).toMatch(/line 5, column \d+.*numbr/);
    expect(said.find((line) => line.includes('torn'))).toMatch(/pack\.yaml.*line 2, column \d+/);
    for (const action of ['good.fine', 'half.fine', 'core.noop'])
      expect(await server.finished(await server.run(action)), action).toMatchObject({ status: 'succeeded' });
  });

  test('is told on register, with places as data; what was mended is there without a restart', async () => {
    const register = (body: object) => server.request('POST', '/api/v1/packs/register', body);
    const answer = await register({ fail_on_failure: false });
    expect(answer.status).toBe(200);
    const errors: { pack: string; file: string; line: number; column: number; message: string }[] =
      answer.json['errors'];
    expect(errors.find((error) => error.file?.endsWith('unknown.yaml'))).toMatchObject({ pack: 'half', line: 2 });
    expect(errors.find((error) => error.file?.endsWith('bad.yaml'))).toMatchObject({
      pack: 'half',
      column: expect.any(Number),
    });
    const strict = await register({ packs: ['half'] });
    expect(strict.status).toBe(400);
    expect(strict.json['faultstring']).toMatch(/line \d+, column \d+/);

    const path = join(server.home, 'packs/half/actions/unknown.yaml');
    writeFileSync(path, command('unknown'));
    writeFileSync(join(server.home, 'packs/good/actions/fine.yaml'), command('fine', 'echo changed'));
    await register({ fail_on_failure: false });
    expect(await server.finished(await server.run('half.unknown'))).toMatchObject({ status: 'succeeded' });
    const changed = await server.finished(await server.run('good.fine'));
    expect(changed['result'].stdout).toBe('changed');
    rmSync(path);
    await register({ fail_on_failure: false });
    await expect(server.run('half.unknown')).rejects.toThrow(/half\.unknown.*cannot be found/);
  });

  test('bad requests are answered with what is wrong, and nothing is run', async () => {
    const ask = async (body: unknown) => {
      const { status, json } = await server.request('POST', '/api/v1/executions', body);
      return { status, text: json['faultstring'] };
    };
    expect(await ask({ action: 'core.nothing' })).toEqual({
      status: 400,
      text: 'Action "core.nothing" cannot be found.',
    });
    const refused = await Promise.all([
      ask({ action: 'core.local', parameters: {} }),
      ask({ action: 'core.local', parameters: { cmd: 5 } }),
      ask({ action: 'core.local', parameters: { cmd: 'x', wrong: 1 } }),
      ask({ action: 'core.local', parameters: { cmd: 'x', timeout: 'soon' } }),
      ask({ action: 'core.local', parameters: { cmd: 'x', sudo: true } }),
      ask({ action: 'core.local', parameters: { cmd: 'x' }, delay: -5 }),
      ask({ parameters: {} }),
      ask([]),
    ]);
    const texts = [
      /cmd/,
      /"5" must either be a string or None/,
      /wrong/,
      /timeout|soon/,
      /immutable.*sudo/,
      /-5 is less than the minimum of 0/,
      /action/,
      /object/i,
    ];
    for (const [at, answer] of refused.entries()) {
      expect(answer.status, String(texts[at])).toBe(400);
      expect(answer.text).toMatch(texts[at] ?? /$^/);
    }
    expect((await server.request('GET', '/api/v1/executions?action=core.local')).json).toHaveLength(0);
  });

  test('a wrong password, an unknown key and an expired token are refused with a reason', async () => {
    const basic = (password: string) => ({
      Authorization: `Basic ${Buffer.from(`st2admin:${password}`).toString('base64')}`,
    });
    expect(await server.request('POST', '/auth/v1/tokens', {}, basic('guess'))).toMatchObject({
      status: 401,
      json: { faultstring: expect.stringMatching(/Invalid or missing credentials|password/i) },
    });
    const user = (headers: Record<string, string>) => server.request('GET', '/api/v1/user', undefined, headers);
    expect(await user({ 'St2-Api-Key': 'x'.repeat(40) })).toMatchObject({ status: 401 });
    expect(await user({ 'X-Auth-Token': 'x' })).toMatchObject({ status: 401 });
    expect(await user({})).toMatchObject({ status: 401, json: { faultstring: expect.stringMatching(/required/) } });
    const password = /password {2}(\S+)/.exec(server.stdout)?.[1] ?? '';
    const { token } = (await server.request('POST', '/auth/v1/tokens', { ttl: 1 }, basic(password))).json;
    expect((await user({ 'X-Auth-Token': token })).status).toBe(200);
    const expired = await until('the token has expired', async () => {
      const answer = await user({ 'X-Auth-Token': token });
      return answer.status === 401 ? answer : undefined;
    });
    expect(expired.json['faultstring']).toMatch(/expired/);
  });
});

function pack(name: string): string {
  return `ref: ${name}\nname: ${name}\ndescription: Tried here.\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n`;
}

function command(name: string, cmd = 'true'): string {
  return `name: ${name}\nrunner_type: local-shell-cmd\nparameters:\n  cmd: {default: ${JSON.stringify(cmd)}}\n`;
}
