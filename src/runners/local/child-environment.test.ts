import { expect, test } from 'vitest';
import { childEnvironment } from './child-environment.ts';

test('a child inherits what describes machine and user, and nothing of the server', () => {
  const server = {
    PATH: '/opt/bin',
    HOME: '/users/ann',
    LC_TIME: 'de_DE.UTF-8',
    LANG: 'C',
    TZ: 'Asia/Tokyo',
    no_proxy: 'localhost',
    STORMTAIL_HOME: '/secret',
    DATABASE_PASSWORD: 'leaked',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: 'x.so',
    PYTHONPATH: '/x',
    UNDEFINED: undefined,
  };
  expect(childEnvironment(server, undefined, {})).toEqual({
    PATH: '/opt/bin',
    HOME: '/users/ann',
    LC_TIME: 'de_DE.UTF-8',
    LANG: 'C',
    TZ: 'Asia/Tokyo',
    no_proxy: 'localhost',
  });
});

test('a server without a PATH still gives one', () => {
  expect(childEnvironment({}, {}, {}).PATH).toContain('/usr/bin');
});

test('the parameter env goes over what is inherited, and the variables of the action over all', () => {
  const environment = childEnvironment(
    { LANG: 'C', HOME: '/a' },
    { LANG: 'de', ST2_ACTION_EXECUTION_ID: 'forged', GONE: null, N: 5, B: true, O: { a: [1] }, EMPTY: '' },
    { ST2_ACTION_EXECUTION_ID: 'real' },
  );
  expect(environment).toMatchObject({
    LANG: 'de',
    HOME: '/a',
    ST2_ACTION_EXECUTION_ID: 'real',
    N: '5',
    B: 'true',
    O: '{"a":[1]}',
    EMPTY: '',
  });
  expect(environment).not.toHaveProperty('GONE');
});

test('what one execution is given does not stay for the next', () => {
  const server = { HOME: '/a' };
  childEnvironment(server, { SECRET: 'x', HOME: '/b' }, { ST2_ACTION_AUTH_TOKEN: 'y' });
  const next = childEnvironment(server, {}, {});
  expect(next).not.toHaveProperty('SECRET');
  expect(next).not.toHaveProperty('ST2_ACTION_AUTH_TOKEN');
  expect(next.HOME).toBe('/a');
});
