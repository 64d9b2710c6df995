import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../base/errors.ts';
import { loadConfig, variableOf } from './config.ts';
import { configOptions, type OptionRow } from './config-options.ts';
import { acceptedOptions } from './config-options-accepted.ts';

const load = (text = '', env: Record<string, string> = {}) =>
  loadConfig({
    env: { STORMTAIL_HOME: '/srv/st', ...env },
    readFile: (path) => (path === '/srv/st/stormtail.conf' ? text : undefined),
    user: 'ann',
  });

const faultOf = (text: string, env: Record<string, string> = {}): Fault => {
  try {
    load(text, env);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('loadConfig() without any setting', () => {
  it('keeps to loopback, asks for credentials, and derives the rest from home and user', () => {
    const { config, notes } = load();
    expect(notes).toEqual([]);
    expect(config).toMatchObject({
      home: '/srv/st',
      listen: { host: '127.0.0.1', port: 9101 },
      compatPorts: true,
      api: { max_page_size: 100, mask_secrets: true, auth_cookie_secure: true, auth_cookie_same_site: 'lax' },
      auth: { enable: true, token_ttl: 86_400, host: '127.0.0.1', port: 9100, htpasswd_path: '/srv/st/htpasswd' },
      stream: { heartbeat: 25, host: '127.0.0.1', port: 9102 },
      actionrunner: { stream_output: true, actions_pool_size: 60, python_binary: 'python3' },
      system: { base_path: '/srv/st', debug: false },
      system_user: { user: 'ann' },
      content: { packs_base_paths: ['/srv/st/packs'] },
      garbagecollector: { action_executions_ttl: null, action_executions_output_ttl: 7 },
      stormtail: { action_kill_grace_ms: 5_000, result_bytes_max: 4_194_304 },
    });
  });

  it('takes ~ in STORMTAIL_HOME for the home folder of the user', () => {
    const { config } = loadConfig({ env: { STORMTAIL_HOME: '~/st' }, readFile: () => undefined });
    expect(config.home).toMatch(/^\/.*\/st$/);
    expect(config.home).not.toContain('~');
  });
});

describe('loadConfig() with settings', () => {
  it('lets the environment win over the file, and STORMTAIL_LISTEN over both', () => {
    const text = '[api]\nhost = 10.0.0.1\nport = 80\nmax_page_size = 7\nauth_cookie_secure = no\n';
    expect(load(text).config).toMatchObject({ listen: { host: '10.0.0.1', port: 80 }, api: { max_page_size: 7 } });
    const { config } = load(text, { STORMTAIL_API_MAX_PAGE_SIZE: '9', STORMTAIL_LISTEN: '[::1]:0' });
    expect(config).toMatchObject({
      listen: { host: '::1', port: 0 },
      api: { max_page_size: 9 },
      auth: { host: '::1' },
    });
  });

  it('does not mind a bad value in the file where the environment has a good one', () => {
    expect(load('[api]\nport = x', { STORMTAIL_API_PORT: '1' }).config.listen.port).toBe(1);
  });

  it('reads every form of value', () => {
    const { config } = load(
      [
        '[api]\nallow_origin = http://a, http://b\nauth_cookie_same_site = Strict\nmask_secrets = off',
        '[auth]\nbackend_kwargs = {"file_path": "/etc/st2/htpasswd"}\napi_url = None',
        '[stream]\nheartbeat = 0.5',
        '[system]\nbase_path = /opt/stackstorm',
        '[garbagecollector]\naction_executions_ttl = 14\naction_executions_output_ttl = 0',
      ].join('\n'),
    );
    expect(config).toMatchObject({
      api: { allow_origin: ['http://a', 'http://b'], auth_cookie_same_site: 'strict', mask_secrets: false },
      auth: { htpasswd_path: '/etc/st2/htpasswd', api_url: null },
      stream: { heartbeat: 0.5 },
      content: { packs_base_paths: ['/opt/stackstorm/packs'] },
      garbagecollector: { action_executions_ttl: 14, action_executions_output_ttl: null },
    });
    expect(load('[content]\npacks_base_paths = /a:/b').config.content.packs_base_paths).toEqual(['/a', '/b']);
  });

  it('loads a file as StackStorm ships it, and says what has no effect', () => {
    const { config, notes } = load(
      '[api]\nhost = 127.0.0.1\nport = 9101\nlogging = /etc/st2/logging.api.conf\n[messaging]\nurl = amqp://127.0.0.1/\n[system_user]\nuser = stanley\n',
    );
    expect(config.system_user.user).toBe('stanley');
    expect(notes).toEqual([
      'stormtail.conf: accepted for compatibility, without effect in this version: [api] logging (line 4), [messaging] url (line 6)',
    ]);
  });
});

describe('unknown names are reported and the start goes on', () => {
  it.each([
    [
      '[api]\n\nmax_page_sise = 5',
      'stormtail.conf:3: unknown option "max_page_sise" in [api]; did you mean "max_page_size"?',
    ],
    ['[api]\nfoo = 5', 'stormtail.conf:2: unknown option "foo" in [api]'],
    ['[apy]\n', 'stormtail.conf:1: unknown section [apy]; did you mean "api"?'],
    ['[zebra]\nx = 1', 'stormtail.conf:2: option "x" is in an unknown section, [zebra]'],
    ['toString = 1', 'stormtail.conf:1: unknown option "toString" in [DEFAULT]'],
    ['[api]\nport = 1\nport = 2', 'stormtail.conf:3: [api] port is set again; line 2 has no effect'],
  ])('%j', (text, note) => {
    expect(load(text).notes).toContain(note);
  });

  it('also in the environment', () => {
    const env = { STORMTAIL_API_MAX_PAGE: '1', STORMTAIL_MESSAGING_URL: 'x', PATH: '/bin', STORMTAIL_CASES: '/x' };
    expect(load('', env).notes).toEqual([
      'environment: unknown setting STORMTAIL_API_MAX_PAGE; did you mean "STORMTAIL_API_MAX_PAGE_SIZE"?',
      'environment: accepted for compatibility, without effect in this version: STORMTAIL_MESSAGING_URL',
    ]);
  });
});

describe('bad values stop the start', () => {
  it.each([
    ['[api]\nmax_page_size = many', 'stormtail.conf:2: [api] max_page_size: expected a whole number >= 1, got "many"'],
    ['[api]\nport = 65536', 'stormtail.conf:2: [api] port: expected a whole number from 0 to 65535, got "65536"'],
    ['[auth]\nenable = maybe', 'stormtail.conf:2: [auth] enable: expected True or False, got "maybe"'],
    ['[auth]\ntoken_ttl = 1.5', 'stormtail.conf:2: [auth] token_ttl: expected a whole number (s) >= 1, got "1.5"'],
    ['[log]\nlevel = loud', 'stormtail.conf:2: [log] level: expected one of error, warn, info, debug, got "loud"'],
    [
      '[auth]\nbackend_kwargs = file',
      'stormtail.conf:2: [auth] backend_kwargs: expected a JSON object, got something else',
    ],
    [
      '[garbagecollector]\naction_executions_ttl = -1',
      'stormtail.conf:2: [garbagecollector] action_executions_ttl: expected a whole number of days, or 0 to keep for ever, got "-1"',
    ],
    [
      '[rbac]\nenable = True',
      'stormtail.conf:2: [rbac] enable: expected only false: this version has no roles yet, and without them everybody may do everything, got "True"',
    ],
    [
      '[database]\nurl = postgres://x/',
      'stormtail.conf:2: [database] url: expected nothing: this version keeps its state in SQLite in STORMTAIL_HOME only, got "postgres://x/"',
    ],
    ['[api]\nport', 'stormtail.conf:2: expected "name = value" or "[section]", got "port"'],
  ])('%j', (text, message) => {
    const fault = faultOf(text);
    expect(fault.code).toBe('invalid_config');
    expect(fault.message).toBe(message);
  });

  it('names them all at once, those of the environment by variable', () => {
    const fault = faultOf('[api]\nport = x\n[auth]\nenable = x', {
      STORMTAIL_LISTEN: 'nowhere',
      STORMTAIL_COMPAT_PORTS: 'perhaps',
      STORMTAIL_STREAM_HEARTBEAT: '0',
    });
    expect(fault.message.split('\n')).toEqual([
      'stormtail.conf:2: [api] port: expected a whole number from 0 to 65535, got "x"',
      'stormtail.conf:4: [auth] enable: expected True or False, got "x"',
      'environment: STORMTAIL_STREAM_HEARTBEAT: expected a number (s) from 0.01 to 86400, got "0"',
      'environment: STORMTAIL_LISTEN: expected "host:port", got "nowhere"',
      'environment: STORMTAIL_COMPAT_PORTS: expected "on" or "off", got "perhaps"',
    ]);
  });
});

it('says what will surprise when other machines can reach the address', () => {
  const env = { STORMTAIL_LISTEN: '0.0.0.0:9101', STORMTAIL_AUTH_ENABLE: 'off' };
  const { notes } = load('', env);
  expect(notes[0]).toMatch(/^\[auth\] enable is off and 0\.0\.0\.0:9101 is reachable .* as ann$/);
  expect(notes[1]).toMatch(/^\[api\] auth_cookie_secure is on/);
  expect(load('', { ...env, STORMTAIL_LISTEN: '127.0.0.1:9101' }).notes).toEqual([]);
});

describe('the option tables', () => {
  it('give every environment variable one meaning', () => {
    const names = Object.entries(configOptions).flatMap(([section, rows]) =>
      Object.keys(rows).map((name) => variableOf(section, name)),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('claim an effect only for options that something reads', () => {
    const texts = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.ts') && !name.startsWith('config-options') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
      .join();
    // Handed on, or taken apart, with their whole section.
    const readAsSection = ['auth.port', 'auth.api_url', 'stream.port'];
    const unread = Object.entries<Record<string, OptionRow>>(configOptions).flatMap(([section, rows]) =>
      Object.entries(rows)
        .filter(([, row]) => !row.required)
        .map(([name]) => `${section}.${name}`)
        .filter((path) => !readAsSection.includes(path) && !texts.includes(path)),
    );
    expect(unread).toEqual([]);
  });

  it('name no option twice', () => {
    const acting: Record<string, Record<string, OptionRow>> = configOptions;
    for (const [section, names] of Object.entries(acceptedOptions)) {
      for (const name of Object.keys(names)) expect(acting[section]?.[name], `[${section}] ${name}`).toBeUndefined();
    }
  });
});
