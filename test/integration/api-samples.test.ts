/**
 * Recorded answers of StackStorm 3.10 to real requests, replayed: status, paging headers, texts and shapes must be the
 * same. Ids, times and hashes differ by nature. Samples of resources that this product does not have are left out by
 * name, so that a new one is noticed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isObject } from '../../src/base/json.ts';
import { demoPack } from '../support/demo-pack.ts';
import { basic, startTestApi, type TestApi } from '../support/api-server.ts';

interface Sample {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

const file = join(import.meta.dirname, '../../../shared/reference/api-samples.json');
const isThere = existsSync(file);
const why = `the recorded answers are not here (${file})`;
if (!isThere) {
  if (process.env.CI) throw new Error(`${why}; CI needs them`);
  process.stderr.write(`SKIPPED: ${why}\n`);
}
const samples: readonly Sample[] = isThere ? JSON.parse(readFileSync(file, 'utf8')).samples : [];

/** What is compared: everything the same, or only the status and the names of fields, with the reason. */
const compared: Readonly<Record<string, 'exactly' | { readonly shape: string }>> = {
  'no-auth': 'exactly',
  'bad-token': 'exactly',
  'unknown-route': 'exactly',
  root: { shape: 'version and documentation are ours' },
  user: 'exactly',
  'actions-list': 'exactly',
  'actions-list-include': { shape: 'other packs are registered here' },
  'action-get': 'exactly',
  'action-missing': 'exactly',
  'action-views-parameters': { shape: 'descriptions of runner parameters are our own words' },
  'action-views-overview': { shape: 'descriptions of runner parameters are our own words' },
  'limit-0': 'exactly',
  'limit-minus-5': 'exactly',
  'limit-not-a-number': 'exactly',
  'offset-too-large': 'exactly',
  'include-invalid': 'exactly',
  'exclude-invalid': 'exactly',
  'include-and-exclude': 'exactly',
  'runnertypes-by-name': { shape: 'descriptions are our own words' },
  'runnertype-missing': 'exactly',
  packs: { shape: 'the pack has fewer files here' },
  'pack-get': { shape: 'the pack has fewer files here' },
  'pack-missing': 'exactly',
  'pack-views-files': { shape: 'the pack has fewer files here' },
  'pack-views-file': 'exactly',
  'pack-views-file-missing': 'exactly',
  'apikey-create': 'exactly',
  apikeys: { shape: 'more keys are there' },
  'apikeys-show-secrets': { shape: 'more keys are there' },
  'apikey-get': 'exactly',
  'apikey-disable': { shape: 'the answer is masked, unlike the original' },
  'apikey-disabled-use': 'exactly',
  'apikey-use': 'exactly',
  'apikey-delete': 'exactly',
  'apikey-missing': 'exactly',
  'token-create': 'exactly',
  'token-create-ttl-too-big': 'exactly',
  'token-create-bad-password': 'exactly',
  'token-create-no-credentials': 'exactly',
  'token-validate': 'exactly',
  'token-validate-unknown': 'exactly',
  sso: 'exactly',
};

/** Samples of what is not built yet, or is tested with executions, by the beginning of their names. */
const elsewhere =
  /^(?:packs-register|action-(?:create|update|clone|delete)|execution|rule|trigger|sensor|webhook|timer|config|actionalias|aliasexecution|polic|key-|keys-|trace|inquir|role|permission|service-registry|workflow)/;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ files: demoPack });
});
afterAll(() => api?.[Symbol.asyncDispose]());

/** The API key of the recording, and ours. */
let key: { id: string; key: string } | undefined;

describe.skipIf(!isThere)('recorded answers', () => {
  test('each sample is replayed or left out by name', () => {
    const unknown = samples.map(({ name }) => name).filter((name) => !(name in compared) && !elsewhere.test(name));
    expect(unknown).toEqual([]);
    expect(Object.keys(compared).filter((name) => !samples.some((sample) => sample.name === name))).toEqual([]);
  });

  for (const sample of samples.filter(({ name }) => name in compared)) {
    const how = compared[sample.name];
    test(`${sample.name}${isObject(how) ? ` (shape: ${how.shape})` : ''}`, async () => {
      const { request, response } = sample;
      const answer = await api.request(withOurIds(request.path), {
        method: request.method,
        headers: headersOf(sample),
        ...(request.body === undefined ? {} : { body: bodyOf(sample) }),
      });
      expect(answer.status).toBe(response.status);
      if (response.status !== 204)
        expect(mediaType(answer.headers.get('content-type'))).toBe(mediaType(response.headers['Content-Type']));
      const body = answer.json ?? answer.text;
      if (how === 'exactly') {
        expect(withoutChance(body)).toEqual(withoutChance(response.body));
        for (const name of ['X-Total-Count', 'X-Limit'])
          expect(answer.headers.get(name)).toBe(response.headers[name] ?? null);
      } else {
        expect(fieldsOf(body)).toEqual(fieldsOf(response.body));
        expect(answer.headers.has('X-Limit')).toBe('X-Limit' in response.headers);
      }
      if (sample.name === 'apikey-create') key = body as { id: string; key: string }; // just compared
    });
  }
});

function headersOf({ name, request }: Sample): Record<string, string> {
  if (name === 'no-auth') return {};
  if (name.startsWith('apikey-') && name.endsWith('use'))
    return { 'St2-Api-Key': name === 'apikey-use' ? api.apiKey : (key?.key ?? '') };
  if (name === 'token-create' || name === 'token-create-ttl-too-big') return basic('st2admin', 'Ch@ngeMe');
  return {
    ...(request.path.startsWith('/auth/v1/tokens') && !name.includes('validate') ? {} : { 'X-Auth-Token': api.token }),
    ...request.headers,
  };
}

function bodyOf({ name, request }: Sample): unknown {
  return name === 'token-validate' ? { token: api.token } : request.body;
}

/** The recording's API key has an id of its own. */
function withOurIds(path: string): string {
  return key ? path.replace(/\/apikeys\/[0-9a-f]{24}/, `/apikeys/${key.id}`) : path;
}

function mediaType(header: string | null | undefined): string | undefined {
  return header?.split(';')[0];
}

/** Ids, times, tokens and hashes stand for themselves. */
function withoutChance(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutChance);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutChance(one)]));
  if (typeof value !== 'string') return value;
  return value
    .replace(/\b[0-9a-f]{24,}\b/g, '<hex>')
    .replace(/^[A-Za-z0-9]{86}$/, '<key>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z/g, (_, fraction) => `<time${fraction ? '.f' : ''}>`);
}

/** Names of fields down to the second level; of a list, those of its first record. */
function fieldsOf(value: unknown): unknown {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (!isObject(one)) return typeof one;
  return Object.keys(one).sort();
}
