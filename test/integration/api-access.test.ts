/** Who gets in: credentials on a request, logins, tokens, API keys, the first start. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { apiKeyHash, createApiKey } from '../../src/operations/api-keys.ts';
import { ensureCliCredentials, ensureFirstUser } from '../../src/operations/first-start.ts';
import { createToken } from '../../src/operations/tokens.ts';
import { issueServiceToken } from '../../src/operations/service-token.ts';
import { until } from '../support/server-wait.ts';
import { basic, requestApi, startTestApi, type TestApi } from '../support/api-server.ts';

/** The time of day can be moved; waiting takes no time but is written down. */
let shiftUs = 0;
const waitedMs: number[] = [];
/** While it is there, who waits goes on waiting. */
let heldBack: (() => void)[] | undefined;
const clock: Clock = {
  nowUs: () => systemClock.nowUs() + shiftUs,
  monotonicUs: () => systemClock.monotonicUs() + shiftUs,
  after(delayMs, fn) {
    waitedMs.push(delayMs);
    if (heldBack) {
      heldBack.push(fn);
      return () => {};
    }
    return systemClock.after(0, fn);
  },
};

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ clock });
});
afterAll(() => api[Symbol.asyncDispose]());

const requester = { user: 'st2admin', isAdmin: true };
const userOf = (headers: Record<string, string>, query = '') => api.request(`/api/v1/user${query}`, { headers });
const login = (headers: Record<string, string>, body?: unknown, path = '/auth/v1/tokens') =>
  api.request(path, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
const refused = (faultstring: string) => ({ status: 401, json: { faultstring } });

describe('credentials on a request', () => {
  test('each place is looked at, in order, and the first one decides', async () => {
    const { token, apiKey } = api;
    const byToken = {
      method: 'authentication token',
      token_expire: expect.stringMatching(/^\d{4}-.*T\d\d:\d\d:\d\dZ$/),
    };
    const found: [Record<string, string>, string, object][] = [
      [{ 'X-Auth-Token': token, 'St2-Api-Key': 'bad' }, '?x-auth-token=bad', { ...byToken, location: 'header' }],
      [
        { 'St2-Api-Key': apiKey, Cookie: 'auth-token=bad' },
        '?x-auth-token=bad',
        { method: 'API key', location: 'header' },
      ],
      [{ Cookie: 'auth-token=bad' }, `?x-auth-token=${token}&st2-api-key=bad`, { ...byToken, location: 'query' }],
      [{ Cookie: 'auth-token=bad' }, `?st2-api-key=${apiKey}`, { method: 'API key', location: 'query' }],
      [{ Cookie: `a=b; auth-token=${token}` }, '', { ...byToken, location: 'header' }],
    ];
    for (const [headers, query, authentication] of found)
      expect(await userOf(headers, query)).toMatchObject({
        status: 200,
        json: { username: 'st2admin', authentication, rbac: { enabled: false, roles: [], is_admin: true } },
      });
    expect(await userOf({ 'X-Auth-Token': 'bad', 'St2-Api-Key': apiKey })).toMatchObject(refused('Unauthorized'));
  });

  test('what is wrong with them is said, without hashes', async () => {
    expect(await userOf({})).toMatchObject(refused('Unauthorized - One of Token or API key required.'));
    expect(await userOf({ 'St2-Api-Key': 'nope' })).toMatchObject(refused('Unauthorized - ApiKey not found.'));
    const { text } = await createToken(api.context, { user: 'st2admin', ttlS: 1 });
    expect((await userOf({ 'X-Auth-Token': text })).status).toBe(200);
    shiftUs += 1_000_000;
    expect(await userOf({ 'X-Auth-Token': text })).toMatchObject(refused('Unauthorized - Token has expired.'));
  });

  test('a token sets the cookie for images and event streams, a key and the cookie itself do not', async () => {
    const cookieOf = async (headers: Record<string, string>, query = '') =>
      (await userOf(headers, query)).headers.get('set-cookie');
    const cookie = new RegExp(
      `^auth-token=${api.token}; Max-Age=\\d{5}; Path=/; expires=[^;]+ GMT; HttpOnly; SameSite=lax$`,
    );
    expect(await cookieOf({ 'X-Auth-Token': api.token })).toMatch(cookie);
    expect(await cookieOf({}, `?x-auth-token=${api.token}`)).toMatch(cookie);
    expect(await cookieOf({ 'St2-Api-Key': api.apiKey })).toBeNull();
    expect(await cookieOf({ Cookie: `auth-token=${api.token}` })).toBeNull();
    const failed = await api.request('/api/v1/actions?limit=0');
    expect([failed.status, failed.headers.get('set-cookie')]).toEqual([400, null]);
  });

  test('the cookie is secure behind a proxy with TLS, and for clients from elsewhere', async () => {
    const cookieOf = async (headers: Record<string, string>) =>
      (await userOf({ 'X-Auth-Token': api.token, ...headers })).headers.get('set-cookie');
    expect(await cookieOf({ 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '10.0.0.9' })).toContain(
      '; secure; HttpOnly',
    );
    expect(await cookieOf({ 'X-Forwarded-For': '10.0.0.9' })).toContain('; secure; HttpOnly');
  });

  test('pages from elsewhere cannot change anything with the cookie alone', async () => {
    const Cookie = `auth-token=${api.token}`;
    const validate = async (headers: Record<string, string>) =>
      (await api.request('/auth/v1/tokens/validate', { method: 'POST', body: '{"token":"x"}', headers })).status;
    expect(await validate({ Cookie, Origin: 'https://evil.example.com', 'Content-Type': 'text/plain' })).toBe(403);
    expect(await validate({ Cookie, Origin: 'null' })).toBe(403);
    expect(await validate({ Cookie, Origin: 'https://ops.example.com' })).toBe(200);
    expect(await validate({ Cookie, Origin: api.url })).toBe(200);
    expect(await validate({ Cookie })).toBe(200);
    expect(await validate({ 'X-Auth-Token': api.token, Origin: 'https://evil.example.com' })).toBe(200);
  });

  test('tokens of executions are checked on their own', async () => {
    const forged = issueServiceToken(api.context, '650000000000000000000fff', 'st2admin', Date.now() * 1000);
    expect(await userOf({ 'X-Auth-Token': forged })).toMatchObject(refused('Unauthorized'));
    expect(await userOf({ 'X-Auth-Token': 'st.bogus' })).toMatchObject(refused('Unauthorized'));
  });

  test('with authentication off everybody is the system user', async () => {
    await using open = await startTestApi({ settings: { authEnabled: false } });
    expect(await open.request('/api/v1/user', { headers: {} })).toMatchObject({
      status: 200,
      json: { username: 'stanley', authentication: { method: 'none' } },
    });
  });
});

describe('logging in', () => {
  test.each(['/auth/v1/tokens', '/auth/tokens/', '/tokens', '/v1/tokens'])('at %s gives a token', async (path) => {
    const answer = await login(basic('st2admin', 'Ch@ngeMe'), {}, path);
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      user: 'st2admin',
      token: expect.stringMatching(/^[0-9a-f]{32}$/),
      expiry: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      metadata: {},
      service: false,
    });
    expect(answer.headers.get('x-api-url')).toBe('http://127.0.0.1:9101/api');
    expect(answer.headers.get('set-cookie')).toBeNull();
    const { token } = answer.json as { token: string }; // just matched
    expect((await userOf({ 'X-Auth-Token': token })).status).toBe(200);
    expect(await api.context.store.access.findToken(token)).toBe(undefined); // only its hash is stored
  });

  test("works without a body, and for a while of one's own", async () => {
    expect((await login(basic('st2admin', 'Ch@ngeMe'))).status).toBe(201);
    const { json } = await login(basic('st2admin', 'Ch@ngeMe'), { ttl: 60, user: null });
    const { expiry } = json as { expiry: string }; // a token
    expect(Math.abs(Date.parse(expiry) - clock.nowUs() / 1000 - 60_000)).toBeLessThan(5_000);
  });

  test.each<[Record<string, string>, string]>([
    [{}, 'nothing'],
    [basic('st2admin', 'wrong'), 'a wrong password'],
    [basic('nobody', 'Ch@ngeMe'), 'an unknown user'],
    [basic('', 'Ch@ngeMe'), 'no user'],
    [{ Authorization: 'Bearer abc' }, 'another scheme'],
    [{ Authorization: 'Basic' }, 'half a header'],
    [{ Authorization: 'Basic a b' }, 'three words'],
    [{ Authorization: 'Basic %%%' }, 'no base64'],
  ])('%j is refused: %s', async (headers) => {
    expect(await login(headers, {})).toMatchObject(refused('Invalid or missing credentials'));
  });

  test.each([
    [{ ttl: 999_999 }, 'TTL specified 999999 is greater than max allowed 86400.'],
    [{ ttl: 0 }, '0 is less than the minimum of 1'],
    [{ ttl: 'x' }, "'x' is not of type 'integer', 'null'"],
    [{ user: 'other' }, 'Current user is not a service and cannot request impersonated tokens'],
  ])('%j is a bad wish', async (body, faultstring) => {
    expect(await login(basic('st2admin', 'Ch@ngeMe'), body)).toMatchObject({ status: 400, json: { faultstring } });
  });

  test('a changed password counts at once, and crypt(3) is refused', async () => {
    const file = join(api.home, 'htpasswd');
    const before = await readFile(file, 'utf8');
    await writeFile(file, '# a comment\nnot a line\nsha:{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=\ncrypted:rqXexS6ZhobKA\n');
    expect((await login(basic('sha', 'hello'), {})).status).toBe(201);
    expect((await login(basic('crypted', 'hello'), {})).status).toBe(401);
    expect((await login(basic('st2admin', 'Ch@ngeMe'), {})).status).toBe(401);
    await writeFile(file, before);
    expect((await login(basic('st2admin', 'Ch@ngeMe'), {})).status).toBe(201);
  });

  test('wrong passwords are answered later each time, for that user and address only', async () => {
    shiftUs += 3_600_000_000;
    waitedMs.length = 0;
    for (let n = 0; n < 3; n += 1) await login(basic('st2admin', `guess ${n}`), {});
    await login(basic('nobody', 'guess'), {});
    await login({ ...basic('st2admin', 'guess'), 'X-Forwarded-For': '10.0.0.9' }, {});
    expect(waitedMs).toEqual([500, 1000, 1500, 500, 500]);
    expect((await login(basic('st2admin', 'Ch@ngeMe'), {})).status).toBe(201);
    await login(basic('st2admin', 'guess'), {});
    expect(waitedMs.at(-1)).toBe(500); // the right one ended the count
  });

  test('a flood of logins is refused and lets others through', async () => {
    heldBack = [];
    let refusedNow = 0;
    const flood = Array.from({ length: 20 }, async () => {
      const { status } = await login(basic('st2admin', 'guess'), {});
      if (status === 503) refusedNow += 1;
      return status;
    });
    // Five wait for their answer, the first of them behind its delay.
    await until('the others are refused', () => refusedNow === 15);
    await until('the first one waits', () => (heldBack?.length ?? 0) > 0);
    const waiting = heldBack;
    heldBack = undefined;
    for (const goOn of waiting) goOn();
    expect((await Promise.all(flood)).filter((status) => status === 401)).toHaveLength(5);
    expect((await login({ ...basic('st2admin', 'Ch@ngeMe'), 'X-Forwarded-For': '10.0.0.8' }, {})).status).toBe(201);
  });

  test('tokens can be checked', async () => {
    const validate = async (token: unknown) =>
      (await api.request('/auth/v1/tokens/validate', { method: 'POST', body: { token } })).json;
    expect(await validate(api.token)).toEqual({ valid: true });
    expect(await validate('bogus')).toEqual({ valid: false });
    expect(await validate(undefined)).toEqual({ faultstring: 'Token is not provided.' });
    const stranger = await api.request('/auth/v1/tokens/validate', { method: 'POST', body: {}, headers: {} });
    expect(stranger.status).toBe(401);
  });
});

describe('API keys', () => {
  interface Key {
    readonly id: string;
    readonly key: string;
    readonly enabled: boolean;
  }
  const create = async (body: unknown): Promise<Key> =>
    (await api.request('/api/v1/apikeys', { method: 'POST', body })).json as Key; // checked below

  test('are made, shown once, listed masked, changed and removed', async () => {
    const made = await api.request('/api/v1/apikeys', { method: 'POST', body: { metadata: { used_by: 'ci' } } });
    const { id, key } = made.json as Key; // matched next
    expect([made.status, made.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        uid: `api_key:${apiKeyHash(key)}`,
        user: 'st2admin',
        metadata: { used_by: 'ci' },
        created_at: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
        enabled: true,
        key: expect.stringMatching(/^[A-Za-z0-9]{86}$/),
      },
    ]);
    const masked = { id, uid: '********', key_hash: '********', user: 'st2admin', enabled: true };
    for (const path of [`/api/v1/apikeys/${id}`, `/api/v1/apikeys/${key}`])
      expect((await api.request(path)).json).toMatchObject(masked);
    const list = await api.request('/api/v1/apikeys?user=st2admin');
    expect(list.json).toContainEqual(expect.objectContaining(masked));
    expect(list.headers.get('x-limit')).toBe('50');
    expect((await api.request(`/api/v1/apikeys/${id}?show_secrets=true`)).json).toMatchObject({
      key_hash: apiKeyHash(key),
      uid: `api_key:${apiKeyHash(key)}`,
    });

    // The command line sends the whole masked object back. In between the key was used, and is remembered as good.
    expect((await userOf({ 'St2-Api-Key': key })).status).toBe(200);
    const whole = (await api.request(`/api/v1/apikeys/${id}`)).json as object; // an API key
    const disabled = await api.request(`/api/v1/apikeys/${id}`, { method: 'PUT', body: { ...whole, enabled: false } });
    expect(disabled).toMatchObject({ status: 200, json: { ...masked, enabled: false } });
    expect(await userOf({ 'St2-Api-Key': key })).toMatchObject(refused('Unauthorized - API key is disabled.'));

    expect(await api.request(`/api/v1/apikeys/${id}`, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
    expect((await userOf({ 'St2-Api-Key': key })).status).toBe(401);
    expect(await api.request(`/api/v1/apikeys/${id}`)).toMatchObject({
      status: 404,
      json: { faultstring: `ApiKey matching ${id} for reference and id not found.` },
    });
    for (const method of ['PUT', 'DELETE'])
      expect(
        await api.request(`/api/v1/apikeys/${id}`, { method, ...(method === 'PUT' ? { body: {} } : {}) }),
      ).toMatchObject({
        status: 404,
        json: { faultstring: `ApiKey with key or id=${id} not found.` },
      });
  });

  test('a removed key stops working at once, also while it is in use', async () => {
    const { id, key } = await create({});
    const uses = Array.from({ length: 20 }, () => userOf({ 'St2-Api-Key': key }));
    await api.request(`/api/v1/apikeys/${id}`, { method: 'DELETE' });
    await Promise.all(uses);
    expect((await userOf({ 'St2-Api-Key': key })).status).toBe(401);
  });

  test('what another process disabled stops working within a second', async () => {
    const { apiKey, text = '' } = await createApiKey(api.context, requester, {});
    expect((await userOf({ 'St2-Api-Key': text })).status).toBe(200);
    await api.context.store.access.updateApiKey({ ...apiKey, enabled: false });
    shiftUs += 1_000_000;
    expect((await userOf({ 'St2-Api-Key': text })).status).toBe(401);
  });

  test('can be moved here by their hash', async () => {
    const key = 'a key of another installation';
    const body = { user: 'jane', key_hash: apiKeyHash(key), metadata: {} };
    const moved = await api.request('/api/v1/apikeys', { method: 'POST', body });
    expect(moved).toMatchObject({ status: 201, json: { key: null, user: 'jane' } });
    expect((await userOf({ 'St2-Api-Key': key })).json).toMatchObject({ username: 'jane' });
    const { id } = moved.json as Key; // a key
    expect(await api.request('/api/v1/apikeys', { method: 'POST', body })).toMatchObject({
      status: 409,
      json: { 'conflict-id': id, faultstring: expect.stringContaining('Tried to save duplicate unique keys (') },
    });
    const change = { method: 'PUT', body: { key_hash: apiKeyHash('another') } };
    expect(await api.request(`/api/v1/apikeys/${id}`, change)).toMatchObject({
      status: 400,
      json: { faultstring: 'Update of key_hash is not allowed.' },
    });
    const masked = { method: 'POST', body: { key_hash: '********' } };
    expect((await api.request('/api/v1/apikeys', masked)).status).toBe(400);
  });

  test('wishes are checked', async () => {
    const bad = async (body: unknown) => (await api.request('/api/v1/apikeys', { method: 'POST', body })).json;
    expect(await bad({ bogus: 1 })).toEqual({
      faultstring: "Additional properties are not allowed ('bogus' was unexpected)",
    });
    expect(await bad({ metadata: 'x' })).toEqual({ faultstring: "'x' is not of type 'object', 'null'" });
    await expect(
      createApiKey(api.context, { user: 'jane', isAdmin: false }, { user: 'st2admin' }),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('the first start', () => {
  test('makes a user who can log in, once', async () => {
    const htpasswdPath = join(api.home, 'first-htpasswd');
    await using fresh = await startTestApi({ settings: { htpasswdPath } });
    const { user, password = '' } = await ensureFirstUser(fresh.context);
    expect([user, password.length]).toEqual(['st2admin', 20]);
    expect((await stat(htpasswdPath)).mode & 0o777).toBe(0o600);
    expect(await readFile(htpasswdPath, 'utf8')).not.toContain(password);
    const answer = await requestApi(`${fresh.url}/auth/v1/tokens`, { method: 'POST', headers: basic(user, password) });
    expect(answer.status).toBe(201);
    expect(await ensureFirstUser(fresh.context)).toEqual({ user: 'st2admin' });
  });

  test('an unwritable place is a clear error', async () => {
    await using fresh = await startTestApi({ settings: { htpasswdPath: '/nowhere/htpasswd' } });
    await expect(ensureFirstUser(fresh.context)).rejects.toMatchObject({
      code: 'home_unusable',
      message: expect.stringContaining('/nowhere/htpasswd'),
    });
    const answer = await requestApi(`${fresh.url}/auth/v1/tokens`, { method: 'POST', headers: basic('a', 'b') });
    expect(answer.status).toBe(401);
  });

  test('leaves working credentials for the command line, and keeps them while they work', async () => {
    const url = 'http://127.0.0.1:1';
    const path = await ensureCliCredentials(api.context, { url });
    const read = async () => JSON.parse(await readFile(path, 'utf8')) as { url: string; api_key: string };
    const first = await read();
    expect([path, first.url, (await stat(path)).mode & 0o777]).toEqual([join(api.home, 'cli.json'), url, 0o600]);
    expect((await userOf({ 'St2-Api-Key': first.api_key })).json).toMatchObject({ username: 'st2admin' });
    await ensureCliCredentials(api.context, { url: 'http://127.0.0.1:2' });
    expect(await read()).toEqual({ url: 'http://127.0.0.1:2', api_key: first.api_key });
    await api.request(`/api/v1/apikeys/${first.api_key}`, { method: 'DELETE' });
    await ensureCliCredentials(api.context, { url });
    const second = await read();
    expect(second.api_key).not.toBe(first.api_key);
    expect((await userOf({ 'St2-Api-Key': second.api_key })).status).toBe(200);
    await writeFile(path, 'broken');
    await ensureCliCredentials(api.context, { url });
    expect((await userOf({ 'St2-Api-Key': (await read()).api_key })).status).toBe(200);
  });
});
