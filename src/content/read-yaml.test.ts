/** Values are those PyYAML 6 gives; 50,000 generated scalars and 825 real files were compared with it. */
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Fault } from '../base/errors.ts';
import { parseYaml, readContentFile } from './read-yaml.ts';

const read = (text: string): unknown => parseYaml(text, 'f.yaml').value;

function refusalOf(text: string): string {
  try {
    return `accepted: ${JSON.stringify(read(text))}`;
  } catch (error) {
    if (error instanceof Fault && error.code === 'invalid_content') return error.message;
    throw error;
  }
}

describe('plain scalars', () => {
  test.each<[string, unknown]>([
    ...['yes', 'on', 'True', 'TRUE', 'Yes', 'ON'].map((text): [string, unknown] => [text, true]),
    ...['no', 'off', 'False', 'FALSE', 'No', 'Off'].map((text): [string, unknown] => [text, false]),
    ...['y', 'n', 'tRue', 'Y', 'oN', '1e3', '1.e3', '0o7', '1.0.0', '08', '1:60', '-', '='].map(
      (text): [string, unknown] => [text, text],
    ),
    ...['', '~', 'null', 'Null', 'NULL'].map((text): [string, unknown] => [text, null]),
    ['0755', 493],
    ['0x1F', 31],
    ['0b11', 3],
    ['1_000', 1000],
    ['-0', 0],
    ['+12', 12],
    ['.5', 0.5],
    ['1.', 1],
    ['1.0e+3', 1000],
    ['1_0.5', 10.5],
    ['1:30', 90],
    ['12:30:45', 45045],
    ['-1:30', -90],
    ['1:30.5', 90.5],
    ["'yes'", 'yes'],
    ['"1"', '1'],
    ['!!str 1', '1'],
    ['!!int "0x10"', 16],
    ['!!float 1', 1],
    ['! yes', 'yes'],
  ])('%s → %j', (text, value) => {
    expect(read(`a: ${text === '-' ? '"-"' : text}`)).toEqual({ a: value });
  });

  test.each(['2014-12-31', '2014-12-31 10:20:30', '2014-12-31T10:20:30.5Z', '.inf', '-.INF', '.nan'])(
    '%s is YAML and not JSON',
    (text) => {
      const file = parseYaml(`a:\n  b: ${text}`, 'f.yaml');
      expect(file.notJson).toMatchObject([{ path: ['a', 'b'], text }]);
      expect(file.locate(['a', 'b'])).toEqual({ line: 2, column: 6 });
    },
  );
});

describe('structure', () => {
  test('merge keys: what is written wins, then the first source', () => {
    const text = 'one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nx:\n  <<: [*one, *two]\n  a: own\n';
    expect(read(text)).toMatchObject({ x: { a: 'own', b: 1, c: 2 } });
  });

  test('aliases share values', () => {
    expect(read('a: &x [1, {b: 2}]\nc: *x\nd: &y 5\n*y : e\n')).toEqual({
      a: [1, { b: 2 }],
      c: [1, { b: 2 }],
      d: 5,
      5: 'e',
    });
  });

  test('quotes and brackets may be closed in any column, and places stay those of the text', () => {
    const text = "a:\n  - b: 'x\n  y'\n    c: [1,\n2\n]\n    d: 1\n    d: 2\n";
    expect(refusalOf(text)).toBe('f.yaml:8:5: found duplicate key "d"');
    expect(read("a:\n  b:\n    - 'x\n   y'\n  c: [1,\n2\n]\n")).toEqual({ a: { b: ['x y'], c: [1, 2] } });
  });

  test('a block scalar ends as the text does', () => {
    expect(read('a: |\n  t')).toEqual({ a: 't' });
    expect(read('a: |\n  t\n')).toEqual({ a: 't\n' });
  });

  test('nothing is null; keys are text as JSON names them', () => {
    expect([read(''), read('# only\n'), read('---\n')]).toEqual([null, null, null]);
    expect(read('1: a\nyes: b\n~: c\n2014-12-31: d\n')).toEqual({ 1: 'a', true: 'b', null: 'c', '2014-12-31': 'd' });
  });

  test('a key called __proto__ is a key', () => {
    expect(JSON.stringify(read('__proto__: {a: 1}\n'))).toBe('{"__proto__":{"a":1}}');
  });
});

test.each([
  ['a: 1\nb: 2\na: 3\n', 'f.yaml:3:1: found duplicate key "a"'],
  [
    'a: b: c\n',
    'f.yaml:1:4: nested mappings are not allowed in compact mappings; text that contains ": " must be quoted',
  ],
  ['a:\n\tb: 1\n', 'f.yaml:2:1: tabs are not allowed as indentation'],
  ['a: [1, 2\nb: 3\n', 'f.yaml:2:1: flow sequence in block collection must be sufficiently indented and end with a ]'],
  ['a: "x\n', 'f.yaml:2:1: missing closing "quote'],
  ['a: 1\n---\nb: 2\n', 'f.yaml:2:1: found a second document (---); expected only one'],
  [
    'a: !thing x\n',
    'f.yaml:1:11: the tag !thing is not known here; content of packs is plain text, numbers, lists and maps',
  ],
  [
    'a: !!set {x}\n',
    'f.yaml:1:10: the tag !!set is not known here; content of packs is plain text, numbers, lists and maps',
  ],
  ['? [a, b]\n: 1\n', 'f.yaml:1:3: a key must be plain text, not a list or a map'],
  ['a: *nobody\n', 'f.yaml:1:4: the alias *nobody refers to no anchor before it'],
  ['a: &x [*x]\n', 'f.yaml:1:8: the alias *x refers to something it is part of'],
  ['a:\n  <<: 5\n', 'f.yaml:2:3: a merge key (<<) takes a map, or a list of maps'],
  ['a: !!int x\n', 'f.yaml:1:10: "x" is not an integer'],
  ['a: x\u0000y\n', 'f.yaml:1:5: the character U+0000 is not allowed'],
])('%.24j is refused with its place', (text, message) => {
  expect(refusalOf(text)).toBe(message);
});

test('nesting is bounded', () => {
  expect(refusalOf(`a: ${'['.repeat(50_000)}`)).toMatch(/lists and maps are nested too deeply$/);
});

test('aliases of aliases are bounded', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) =>
      `l${level}: &l${level} [${Array(10)
        .fill(level ? `*l${level - 1}` : 'x')
        .join(', ')}]`,
  );
  expect(refusalOf(levels.join('\n'))).toMatch(/^f\.yaml:\d+:\d: aliases make this larger than 1000000 values$/);
});

test('locate() finds values, keys, and the nearest place of what is not there', () => {
  const file = parseYaml('name: x\nparameters:\n  cmd:\n    type: string\n  list: [1, two]\n', 'f.yaml');
  expect(file.locate(['parameters', 'cmd', 'type'])).toEqual({ line: 4, column: 11 });
  expect(file.locate(['parameters', 'cmd', 'type'], 'key')).toEqual({ line: 4, column: 5 });
  expect(file.locate(['parameters', 'list', 1])).toEqual({ line: 5, column: 13 });
  expect(file.locate(['parameters', 'cmd', 'default'])).toEqual({ line: 3, column: 3 });
  expect(file.locate(['nowhere'])).toEqual({ line: 1, column: 1 });
});

test('JSON that is quoted as YAML wants it reads back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const wanted: unknown = JSON.parse(JSON.stringify(value));
      const text = JSON.stringify(wanted).replace(
        /[\u007f-\uffff]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      fc.pre(!/e[+-]?\d/.test(text)); // 1e5 is text in YAML 1.1
      expect(read(text)).toEqual(wanted);
    }),
  );
});

describe('files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'stormtail-yaml-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };

  test('JSON files are JSON', async () => {
    const file = await readContentFile(write('a.json', '{\n\t"a": 1e3,\n\t"b": {"c": "yes"}\n}'));
    expect(file.value).toEqual({ a: 1000, b: { c: 'yes' } });
    expect(file.locate(['b', 'c'])).toEqual({ line: 3, column: 13 });
    const broken = readContentFile(write('b.json', '{\n  "a": 1,\n  b: 2\n}'), 'b.json');
    await expect(broken).rejects.toThrow(/^b\.json:3:3: not JSON: /);
  });

  test('what is not UTF-8, not there or a directory is said so', async () => {
    await expect(readContentFile(write('l.yaml', Buffer.from('a: 1\nb: \xe9\n', 'latin1')), 'l.yaml')).rejects.toThrow(
      'l.yaml:2:4: the file is not UTF-8',
    );
    await expect(readContentFile(join(directory, 'no.yaml'), 'no.yaml')).rejects.toThrow(
      'no.yaml: the file does not exist',
    );
    await expect(readContentFile(directory, 'd')).rejects.toThrow('d: cannot be read');
    await expect(readContentFile(write('big.yaml', '#'.repeat(5_000_001)), 'big.yaml')).rejects.toThrow('larger than');
  });

  test('a byte order mark is no text', async () => {
    expect((await readContentFile(write('bom.yaml', '\ufeffa: 1\n'))).value).toEqual({ a: 1 });
  });

  test('details are for machines', async () => {
    const fault = await readContentFile(write('x.yaml', 'a: 1\na: 2\n'), 'actions/x.yaml').catch(
      (error: unknown) => error,
    );
    expect(fault).toMatchObject({
      code: 'invalid_content',
      details: { file: 'actions/x.yaml', line: 2, column: 1, problem: 'found duplicate key "a"' },
    });
  });
});
