/** A fresh clone installs with `npm ci`, which refuses a lock file that leaves out a package of any platform. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript, because it has to run before anything is installed
import { missingEntries } from '../../tools/complete-lock.mjs';

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));

it('package-lock.json has an entry for every optional package of every platform (npm run lock)', () => {
  expect(Object.keys(missingEntries(lock))).toEqual([]);
});

it('missingEntries() says for which platform a package is', () => {
  const packages = {
    'node_modules/x': { dev: true, optionalDependencies: { '@x/linux-x64-musl': '1.0.0', '@x/darwin-arm64': '1.0.0' } },
    'node_modules/@x/darwin-arm64': { version: '1.0.0' },
  };
  expect(missingEntries({ packages })).toEqual({
    'node_modules/@x/linux-x64-musl': {
      version: '1.0.0',
      cpu: ['x64'],
      libc: ['musl'],
      os: ['linux'],
      dev: true,
      optional: true,
    },
  });
});

it('package-lock.json names no place that packages were fetched from', () => {
  const places = Object.values<{ resolved?: string }>(lock.packages).map(({ resolved }) => resolved);
  expect(places.filter((place) => place?.includes('://'))).toEqual([]);
});
