/** Actions, runner types, packs and their files; registering packs from disk. */
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerPacks } from '../../src/operations/register-packs.ts';
import { demoPack } from '../support/demo-pack.ts';
import { startTestApi, type TestApi } from '../support/api-server.ts';

const toolsPack = {
  'packs/tools/pack.yaml': 'name: tools\ndescription: Tools\nversion: 2.0.0\nauthor: A\nemail: a@example.com\n',
  'packs/tools/icon.png': Buffer.from('89504e470d0a1a0a00', 'hex'),
  'packs/tools/actions/zap.yaml': 'name: zap\nrunner_type: local-shell-script\nentry_point: zap.sh\n',
  'packs/tools/actions/zap.sh': '#!/bin/sh\necho zap\n',
  'packs/tools/actions/add.yaml': 'name: add\nrunner_type: noop\ndescription: Adds\ntags: [{name: math, value: "1"}]\n',
};

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ files: { ...demoPack, ...toolsPack } });
});
afterAll(() => api[Symbol.asyncDispose]());

const get = async (path: string) => (await api.request(`/api/v1${path}`)).json;
const names = async (path: string) => {
  const list = await get(path);
  return Array.isArray(list) ? list.map((one: { name: string }) => one.name) : list;
};

describe('actions', () => {
  test('are listed whole, by pack and name', async () => {
    const answer = await api.request('/api/v1/actions');
    expect(await names('/actions')).toEqual(['a', 'add', 'zap']);
    expect([answer.headers.get('x-total-count'), answer.headers.get('x-limit')]).toEqual(['3', null]);
  });

  test('are found by filter', async () => {
    expect(await names('/actions?pack=tools')).toEqual(['add', 'zap']);
    expect(await names('/actions?name=zap&pack=')).toEqual(['zap']);
    expect(await names('/actions?tags=math')).toEqual(['add']);
    expect(await names('/actions?pack=nope&bogus=1')).toEqual([]);
    const { id } = (await get('/actions/tools.add')) as { id: string }; // an action
    expect(await names(`/actions?id=${id},650000000000000000000fff`)).toEqual(['add']);
    expect(await get(`/actions/${id}`)).toMatchObject({ ref: 'tools.add', uid: 'action:tools:add' });
  });

  test('come in pages and parts', async () => {
    const page = await api.request('/api/v1/actions?limit=1&offset=1&include_attributes=name,description');
    expect(page.json).toEqual([{ id: expect.any(String), ref: 'tools.add', name: 'add', description: 'Adds' }]);
    expect([page.headers.get('x-total-count'), page.headers.get('x-limit')]).toEqual(['3', '1']);
    const rest = await get('/actions?exclude_attributes=parameters,notify&pack=demo');
    expect(rest).toEqual([expect.not.objectContaining({ parameters: expect.anything() })]);
  });

  test('show the parameters of their runner in views', async () => {
    const one = (await get('/actions/views/overview/demo.a')) as { parameters: Record<string, unknown> };
    expect(one.parameters).toMatchObject({
      cmd: { type: 'string', immutable: true, default: 'echo {{ msg }}' },
      timeout: { type: 'integer', default: 60 },
      msg: { required: true },
    });
    expect(await get('/actions/views/parameters/demo.a')).toEqual({ parameters: one.parameters });
    expect(await get('/actions/views/overview?pack=demo')).toEqual([one]);
    expect(await get('/actions/views/overview?include_attributes=ref&limit=2')).toHaveLength(2);
  });

  test('show their entry point', async () => {
    const answer = await api.request('/api/v1/actions/views/entry_point/tools.zap');
    expect([answer.status, answer.text]).toEqual([200, '#!/bin/sh\necho zap\n']);
    expect(answer.headers.get('content-type')).toBe('application/x-sh');
    expect(await get('/actions/views/entry_point/demo.a')).toEqual({
      faultstring: 'Action ref_or_id=demo.a has no entry_point to output',
    });
  });

  test.each(['/actions/', '/actions/views/overview/', '/actions/views/parameters/', '/actions/views/entry_point/'])(
    '%s says which one is missing',
    async (path) => {
      expect(await api.request(`/api/v1${path}demo.nope`)).toMatchObject({
        status: 404,
        json: { faultstring: 'Resource with a reference or id "demo.nope" not found' },
      });
    },
  );
});

describe('runner types', () => {
  test('are listed by name, with their parameters', async () => {
    const answer = await api.request('/api/v1/runnertypes/?name=noop,local-shell-cmd');
    expect(answer.json).toMatchObject([
      { name: 'local-shell-cmd', uid: 'runner_type:local-shell-cmd', runner_parameters: { cmd: { type: 'string' } } },
      { name: 'noop' },
    ]);
    expect(answer.headers.get('x-limit')).toBe('100');
    expect(await names('/runnertypes?sort=-name&limit=2')).toEqual(['remote-shell-script', 'remote-shell-cmd']);
  });

  test('are switched off and on; the choice outlives a registration', async () => {
    const noop = (await get('/runnertypes/noop')) as { id: string };
    const put = async (body: unknown) => api.request(`/api/v1/runnertypes/${noop.id}`, { method: 'PUT', body });
    expect((await put({ ...noop, enabled: false, description: 'changed' })).json).toEqual({ ...noop, enabled: false });
    await registerPacks(api.context);
    expect(await get('/runnertypes/noop')).toMatchObject({ enabled: false });
    expect((await put({ enabled: true })).json).toEqual(noop);
    expect((await put({ enabled: 'x' })).json).toEqual({ faultstring: "'x' is not of type 'boolean'" });
    expect(await api.request('/api/v1/runnertypes/nope')).toMatchObject({
      status: 404,
      json: { faultstring: 'Resource with a name or id "nope" not found' },
    });
  });
});

describe('packs', () => {
  test('are listed by ref', async () => {
    expect(await names('/packs')).toEqual(['demo', 'tools']);
    expect(await names('/packs?sort=-name')).toEqual(['tools', 'demo']);
    expect(await get('/packs?ref=demo&include_attributes=ref,files')).toEqual([
      { id: expect.any(String), ref: 'demo', files: ['README.md', 'actions/a.yaml', 'pack.yaml'] },
    ]);
    expect(await get('/packs?exclude_attributes=files')).toEqual({
      faultstring: 'Invalid or unsupported exclude attribute specified: files',
    });
  });

  test('reserved words are no names', async () => {
    for (const name of ['views', 'index'])
      expect(await get(`/packs/${name}`)).toEqual({ faultstring: 'The resource could not be found.' });
    expect(await get('/packs/nope')).toEqual({ faultstring: 'Resource with a ref or id "nope" not found' });
  });

  test('show their text files', async () => {
    const files = (await get('/packs/views/files/tools')) as { file_path: string; content: string }[];
    expect(files.map(({ file_path }) => file_path)).toEqual([
      'actions/add.yaml',
      'actions/zap.sh',
      'actions/zap.yaml',
      'pack.yaml',
    ]);
    expect(files[1]?.content).toBe('#!/bin/sh\necho zap\n');
  });

  test('show one file, and again only when it changed', async () => {
    const path = '/api/v1/packs/views/file/tools/icon.png';
    const icon = await api.request(path);
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/png']);
    const etag = icon.headers.get('etag') ?? '';
    const again = (headers: Record<string, string>) =>
      api.request(path, { headers: { 'X-Auth-Token': api.token, ...headers } });
    expect(await again({ 'If-None-Match': etag })).toMatchObject({ status: 304, text: '' });
    expect((await again({ 'If-None-Match': etag.replaceAll('"', '') })).status).toBe(304);
    expect((await again({ 'If-None-Match': '"other"' })).status).toBe(200);
    expect((await again({ 'If-Modified-Since': icon.headers.get('last-modified') ?? '' })).status).toBe(304);
    await utimes(join(api.home, 'packs/tools/icon.png'), new Date(), new Date(Date.now() + 5_000));
    expect((await again({ 'If-None-Match': etag })).status).toBe(200);
    expect((await again({ 'If-Modified-Since': icon.headers.get('last-modified') ?? '' })).status).toBe(200);
  });

  test('never show what is outside, missing or too large', async () => {
    await symlink('/etc', join(api.home, 'packs/tools/link'));
    await writeFile(join(api.home, 'packs/tools/big.txt'), 'x'.repeat(500_001));
    const view = async (path: string) => {
      const { status, json } = await api.request(`/api/v1/packs/views/file/tools/${path}`);
      return [status, (json as { faultstring: string }).faultstring];
    };
    const outside = [
      400,
      expect.stringMatching(/^Invalid file path: ".*"\. File path needs to be relative to the pack directory /),
    ];
    expect(await view('..%2Fdemo/pack.yaml')).toEqual(outside);
    expect(await view('actions/..%2F..%2Fdemo/pack.yaml')).toEqual(outside);
    expect(await view('%2Fetc%2Fpasswd')).toEqual(outside);
    expect(await view('a%00b')).toEqual(outside);
    expect(await view('link/passwd')).toEqual([404, 'File "link/passwd" not found']);
    expect(await view('actions')).toEqual([404, 'File "actions" not found']);
    expect(await view('nope')).toEqual([404, 'File "nope" not found']);
    expect(await view('big.txt')).toEqual([400, 'File big.txt exceeds maximum allowed file size (500000 bytes)']);
  });
});

describe('registration', () => {
  const write = async (files: Record<string, string>) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(api.home, 'packs', path)), { recursive: true });
      await writeFile(join(api.home, 'packs', path), content);
    }
  };
  const register = (body?: unknown) =>
    api.request('/api/v1/packs/register', { method: 'POST', ...(body === undefined ? {} : { body }) });
  const packYaml = (name: string) => `name: ${name}\ndescription: d\nversion: 1.0.0\nauthor: A\nemail: a@example.com\n`;

  test('counts what it registered, of the kinds and packs that were asked for', async () => {
    const runners = expect.any(Number);
    expect((await register()).json).toEqual({ runners, actions: 3 });
    expect((await register({ packs: ['tools'] })).json).toEqual({ runners, actions: 2 });
    expect((await register({ types: ['runners'] })).json).toEqual({ runners });
    expect((await register({ types: ['rule', 'bogus'] })).json).toEqual({});
    expect((await register({ packs: ['demo'], types: ['all'], fail_on_failure: false })).json).toEqual({
      runners,
      actions: 1,
      removed: 0,
      errors: [],
    });
  });

  test('refuses what is not there and what makes no sense', async () => {
    const missing = await register({ packs: ['demo', 'nope'] });
    expect(missing).toMatchObject({
      status: 400,
      json: { faultstring: expect.stringMatching(/^Pack "nope" not found on disk: /) },
    });
    expect((await register({ packs: 'demo' })).json).toEqual({ faultstring: "'demo' is not of type 'array'" });
    expect((await register({ bogus: 1 })).status).toBe(400);
  });

  test('takes in good files, reports bad ones with their place, and keeps what merely became unreadable', async () => {
    await write({
      'mixed/pack.yaml': packYaml('mixed'),
      'mixed/actions/bad.yaml': 'name: bad\nrunner_type: noop\n',
      'mixed/actions/good.yaml': 'name: good\nrunner_type: noop\n',
    });
    await register();
    const before = (await get('/actions/mixed.bad')) as { id: string };
    await write({
      'mixed/actions/bad.yaml': 'name: bad\nrunner_type: noop\nenabled: [oops\n',
      'mixed/actions/new.yaml': 'name: new\nrunner_type: noop\n',
      'broken/pack.yaml': 'name: broken\nversion: 1\n',
    });
    const answer = await register({ fail_on_failure: false });
    expect(answer).toMatchObject({
      status: 200,
      json: {
        actions: 5,
        removed: 0,
        errors: expect.arrayContaining([
          { pack: 'mixed', file: 'actions/bad.yaml', line: 4, column: expect.any(Number), message: expect.any(String) },
          expect.objectContaining({ pack: 'broken', file: 'pack.yaml' }),
        ]),
      },
    });
    expect(await names('/actions?pack=mixed')).toEqual(['bad', 'good', 'new']);
    expect(await get('/actions/mixed.bad')).toMatchObject({ id: before.id });
    const strict = await register({ packs: ['mixed'] });
    expect(strict).toMatchObject({
      status: 400,
      json: {
        faultstring: expect.stringMatching(
          /^Failed to register action "actions\/bad.yaml" from pack "mixed": line 4, column \d+: /,
        ),
      },
    });
  });

  test('removes what is gone, keeps ids, and tells', async () => {
    const heard: (readonly string[])[] = [];
    using _ = api.context.bus.subscribe('content.changed', ({ packs }) => heard.push(packs));
    await write({ 'gone/pack.yaml': packYaml('gone'), 'gone/actions/x.yaml': 'name: x\nrunner_type: noop\n' });
    await register({ fail_on_failure: false });
    const kept = await get('/actions/demo.a');
    await rm(join(api.home, 'packs/gone'), { recursive: true });
    await rm(join(api.home, 'packs/tools/actions/add.yaml'));
    expect((await register({ fail_on_failure: false })).json).toMatchObject({ removed: 2 });
    expect(await names('/packs?name=gone')).toEqual([]);
    expect((await api.request('/api/v1/actions/tools.add')).status).toBe(404);
    expect(await get('/actions/demo.a')).toEqual(kept);
    expect(heard).toHaveLength(2);
    expect(heard[0]).toContain('gone');
  });

  test('an unreadable packs directory takes nothing away', async () => {
    await using other = await startTestApi({ files: demoPack });
    const { settings } = other.context;
    const lost = { ...other.context, settings: { ...settings, packPaths: ['/nowhere/packs'] } };
    const { errors, removed } = await registerPacks(lost, { failOnFailure: false });
    expect([errors.map(({ file }) => file), removed]).toEqual([['/nowhere/packs'], 0]);
    expect((await other.request('/api/v1/actions/demo.a')).status).toBe(200);
  });

  test('two at once follow each other', async () => {
    const both = await Promise.all([1, 2, 3, 4].map(() => register({ fail_on_failure: false })));
    expect(both.map(({ json }) => json)).toEqual(both.map(() => both[0]?.json));
    expect(await names('/actions?pack=demo')).toEqual(['a']);
  });
});

test('the status says what is there', async () => {
  expect(await get('/status')).toMatchObject({
    version: '0.0.0-test',
    started_at: expect.stringMatching(/Z$/),
    pid: process.pid,
    home: api.home,
    packs: expect.any(Number),
    actions: expect.any(Number),
    executions: { active: 0, by_status: {} },
    readers: 0,
    services: [],
  });
});
