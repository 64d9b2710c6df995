import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { Interpreters } from './python-interpreter.ts';

test('an interpreter is found where the packages of its user cannot be looked at', async () => {
  await using home = await temporaryDirectory();
  // As with a home that belongs to somebody else, but for root too, who may look everywhere.
  await symlink('.local', join(home.path, '.local'));
  const environment = { PATH: process.env['PATH'] ?? '', HOME: home.path };
  expect(await new Interpreters().find('python3', environment)).toMatchObject({ path: expect.stringMatching(/^\//) });
});
