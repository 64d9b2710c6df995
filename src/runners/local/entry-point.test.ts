import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { entryPointPath, makeExecutable } from './entry-point.ts';

async function packWith(base: string, files: Readonly<Record<string, string>>): Promise<string> {
  const pack = join(base, 'pack');
  await mkdir(join(pack, 'actions/sub'), { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeFile(join(pack, path), content);
  return pack;
}

test('a script is found below actions/, by any name it may have', async () => {
  await using directory = await temporaryDirectory();
  const pack = await packWith(directory.path, {
    'actions/a.sh': '',
    'actions/sub/b c.sh': '',
    'actions/..odd.sh': '',
    'top.sh': '',
  });
  const path = (entry_point: string) => entryPointPath(pack, { ref: 'demo.a', entry_point });
  expect(path('a.sh')).toBe(join(pack, 'actions/a.sh'));
  expect(path('sub/b c.sh')).toBe(join(pack, 'actions/sub/b c.sh'));
  expect(path('..odd.sh')).toBe(join(pack, 'actions/..odd.sh'));
  expect(path('../top.sh')).toBe(join(pack, 'top.sh'));
  expect(path(join(pack, 'actions/a.sh'))).toBe(join(pack, 'actions/a.sh'));
});

test('what is missing, or leads out of the pack, is refused with the place', async () => {
  await using directory = await temporaryDirectory();
  const pack = await packWith(directory.path, { 'actions/a.sh': '' });
  await writeFile(join(directory.path, 'outside.sh'), '');
  await mkdir(join(directory.path, 'pack-sibling'));
  await writeFile(join(directory.path, 'pack-sibling/x.sh'), '');
  await symlink(join(directory.path, 'outside.sh'), join(pack, 'actions/link.sh'));
  const refusal = (entry_point: string) => {
    try {
      return `not refused: ${entryPointPath(pack, { ref: 'demo.a', entry_point })}`;
    } catch (error) {
      expect(error).toMatchObject({ code: 'start_failed' });
      return String(error);
    }
  };
  expect(refusal('')).toContain('action demo.a: its runner needs an entry_point');
  expect(refusal('none.sh')).toContain(`"none.sh" does not exist (looked for ${join(pack, 'actions/none.sh')})`);
  for (const outside of ['../../outside.sh', 'link.sh', '../../pack-sibling/x.sh', '/etc/passwd'])
    expect(refusal(outside)).toContain(`"${outside}" is outside its pack`);
});

test('a pack that is itself a link is no way out', async () => {
  await using directory = await temporaryDirectory();
  const pack = await packWith(directory.path, { 'actions/a.sh': '' });
  const link = join(directory.path, 'linked');
  await symlink(pack, link);
  expect(entryPointPath(link, { ref: 'demo.a', entry_point: 'a.sh' })).toBe(join(link, 'actions/a.sh'));
});

test('a script that nobody may execute is made executable; what somebody decided stays', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'a.sh');
  await writeFile(path, '');
  await chmod(path, 0o640);
  makeExecutable(path);
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  await chmod(path, 0o700);
  makeExecutable(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});
