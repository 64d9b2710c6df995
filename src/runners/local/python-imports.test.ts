import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { parseImports, PythonImports } from './python-imports.ts';

const source = `"""import nothing"""
import os, json as j  # why
import requests.sessions
from yaml import (  # several
    safe_load as load,
    Loader,
)
from a.b import c, \\
    d
from . import sibling
try:
    import optional
except ImportError:
    pass
def f():
    from later import x
# import commented
x = 'import text'
from star import *
`;

test('imports at the left margin are found, however they are written', () => {
  expect(parseImports(source)).toEqual([
    { module: 'os', names: [] },
    { module: 'json', names: [] },
    { module: 'requests.sessions', names: [] },
    { module: 'yaml', names: ['safe_load', 'Loader'] },
    { module: 'a.b', names: ['c'] },
    { module: 'star', names: [] },
  ]);
  expect(parseImports('')).toEqual([]);
  expect(parseImports('from x import (')).toEqual([]);
});

test('files of the pack are followed, and are not themselves outside', async () => {
  await using home = await temporaryDirectory();
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(home.path, path)), { recursive: true });
    await writeFile(join(home.path, path), text);
  };
  await write(
    'actions/it.py',
    'from lib.base import Base\nimport helper\nimport flat\nfrom lib import deep\nimport sys\n',
  );
  await write('actions/lib/__init__.py', 'import in_package\n');
  await write('actions/lib/base.py', 'import requests\nimport it\n');
  await write('actions/lib/deep/__init__.py', 'from boto3 import session, Session\n');
  await write('actions/lib/flat.py', 'import flat_needs\n');
  await write('actions/lib/unused.py', 'import never\n');
  await write('actions/helper.py', 'import helper_needs\n');
  const expected = ['boto3', 'boto3.session', 'flat_needs', 'helper_needs', 'in_package', 'requests', 'sys'];
  const file = join(home.path, 'actions/it.py');
  const libraries = join(home.path, 'actions/lib');
  expect(new PythonImports().of(file, libraries)).toEqual(expected);
  await write('actions/helper.py', 'import other\n');
  await utimes(join(home.path, 'actions/helper.py'), 1, 1);
  expect(new PythonImports().of(file, libraries)).toContain('other');
  expect(new PythonImports().of(join(home.path, 'actions/none.py'), libraries)).toEqual([]);
});

test('libraries of the pack that cannot be looked at are left to the action', async () => {
  await using pack = await temporaryDirectory();
  const file = join(pack.path, 'it.py');
  await writeFile(file, 'import own.part\nimport requests\n');
  // As with files of another user, but for root too, who may look everywhere.
  await symlink('own', join(pack.path, 'own'));
  expect(new PythonImports().of(file, join(pack.path, 'lib'))).toContain('requests');
});
