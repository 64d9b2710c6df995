import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findPacks } from './list-packs.ts';
import { readPack } from './read-pack.ts';

const root = resolve(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures/packs');

const scratch = mkdtempSync(join(tmpdir(), 'stormtail-packs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a good pack', () => {
  test('is read whole', async () => {
    const { pack, actions, diagnostics } = await readPack(join(fixtures, 'good'));
    expect(diagnostics).toEqual([]);
    expect(pack).toEqual({
      ref: 'good',
      uid: 'pack:good',
      name: 'Good pack',
      description: 'Everything in it is right.',
      version: '1.2.3-rc.1+build.5',
      author: 'Somebody',
      email: 'somebody@example.com',
      keywords: ['test'],
      contributors: ['Another <another@example.com>'],
      python_versions: ['3'],
      dependencies: ['core=1.0.0'],
      system: { packages: ['curl'] },
      stackstorm_version: '>=2.8.0, <4.0.0',
      path: join(fixtures, 'good'),
      files: [
        'actions/as_json.json',
        'actions/config.yaml',
        'actions/everything.sh',
        'actions/everything.yaml',
        'actions/lib/other.yaml',
        'actions/notes.txt',
        'pack.yaml',
      ],
    });
    expect(actions.map(({ ref }) => ref)).toEqual(['good.from_json', 'good.everything']);
  });

  test('an action has what its file says, and the names it goes by', async () => {
    const { actions } = await readPack(join(fixtures, 'good'));
    const everything = actions.find(({ name }) => name === 'everything');
    expect(everything).toMatchObject({
      uid: 'action:good:everything',
      pack: 'good',
      runner_type: 'local-shell-script',
      enabled: false,
      entry_point: 'everything.sh',
      raw_stdout: true,
      tags: [{ name: 'kind', value: 'test' }],
      notify: { 'on-failure': { message: 'oh' } },
      metadata_file: 'actions/everything.yaml',
    });
    expect(everything?.parameters['second']).toEqual({
      type: 'string',
      description: 'Where.',
      required: true,
      position: 3,
    });
    expect(actions[0]).not.toHaveProperty('description');
    expect(actions[0]).toMatchObject({ enabled: true, entry_point: '', tags: [], notify: {}, output_schema: {} });
  });
});

test('one bad file hides no other, and every problem has its place', async () => {
  const { pack, actions, diagnostics } = await readPack(join(fixtures, 'broken'));
  expect(pack?.ref).toBe('broken');
  expect(actions.map(({ name }) => name)).toEqual(['fine', 'warnings']);
  expect(diagnostics.every((one) => one.pack === 'broken')).toBe(true);
  const lines = diagnostics.map(
    (one) => `${one.severity} ${one.file.slice(8)}:${one.line}:${one.column} ${one.message}`,
  );
  expect(lines).toMatchInlineSnapshot(`
    [
      "error b_syntax.yaml:3:14 nested mappings are not allowed in compact mappings; text that contains ": " must be quoted",
      "error c_duplicate.yaml:3:1 found duplicate key "name"",
      "error d_unknown_keys.yaml:2:1 unknown key "runner_typ"; did you mean "runner_type"?",
      "error d_unknown_keys.yaml:4:1 unknown key "paramters"; did you mean "parameters"?",
      "error d_unknown_keys.yaml:5:1 unknown key "colour"; expected one of name, runner_type, description, enabled, entry_point, pack, parameters, tags, notify, output_schema, raw_stdout",
      "error e_wrong_types.yaml:1:7 2014-12-31 is a date in YAML 1.1, which nothing here can hold; put it in quotes to make it text",
      "error e_wrong_types.yaml:3:10 "enabled" must be true or false, not 'maybe'",
      "error e_wrong_types.yaml:4:14 "description" must be text, not 1; put it in quotes",
      "error e_wrong_types.yaml:5:13 "parameters" must be a map, not []",
      "error e_wrong_types.yaml:6:7 "tags" must be a list of maps, not ['a']",
      "error e_wrong_types.yaml:7:7 Model is in pack "broken" but field "pack" is different: other",
      "error f_runner.yaml:2:14 there is no runner "local-shel-cmd"; did you mean "local-shell-cmd"?",
      "warning g_future.yaml:2:14 the runner "orquesta" is not part of this version; the action is left out",
      "error h_parameters.yaml:5:5 The attribute "type" for the runner parameter "cmd" in action "broken.parameters" cannot be overridden.",
      "error h_parameters.yaml:8:5 The attribute "secret" for the runner parameter "sudo" in action "broken.parameters" cannot be overridden.",
      "error h_parameters.yaml:9:13 "type" must be one of array, boolean, integer, null, number, object, string, not 'strng'",
      "error h_parameters.yaml:10:31 Parameters b and a have same position 0. Position values have to be unique.",
      "error h_parameters.yaml:10:34 unknown key "choices"; the schema of a parameter has no such word",
      "error h_parameters.yaml:11:31 Positions supplied [0, 5] for parameters are not contiguous.",
      "error h_parameters.yaml:11:44 "required" must be true or false (lists of names belong to another draft), not ['x']",
      "error h_parameters.yaml:12:3 Immutable param d requires a default value.",
      "error h_parameters.yaml:13:7 "exclusiveMinimum" needs "minimum"",
      "error h_parameters.yaml:13:37 "enum" must be a list with at least one value, not []",
      "error h_parameters.yaml:13:47 "type" must be one of array, boolean, integer, null, number, object, string, not ['string']",
      "error h_parameters.yaml:14:5 parameter "f" must be a map, its schema ({} for any value)",
      "error h_parameters.yaml:15:3 "g-h" is not a parameter name: letters, digits and _ only",
      "error h_parameters.yaml:16:48 "required" must be true or false inside the property it is about, not a list",
      "error h_parameters.yaml:17:7 "type" is empty; give it a value or leave it out",
      "error i_entry_points.yaml:3:14 "../../good/actions/everything.sh" must be a plain path under actions/, without "..", "." or "//"",
      "error j_absolute.yaml:3:14 "/etc/passwd" is outside the pack",
      "warning k_warnings.yaml:3:14 the file "gone.py" does not exist in actions/",
      "warning k_warnings.yaml:5:35 the default of "count" does not fit its type, integer: invalid literal for int() with base 10: 'many'",
      "warning k_warnings.yaml:6:33 the default of "text" is a template, which this version does not render: a value must be given for each run",
      "warning k_warnings.yaml:7:34 the pattern of "match" cannot be used, and each run will be refused: possessive quantifiers ("++") are not supported",
      "error l_same_name.yaml:1:7 the name "fine" is taken already, by actions/a_fine.yaml",
      "error m_list.yaml:1:1 an action is a map, with at least name and runner_type",
      "error n_latin.yaml:2:17 the file is not UTF-8",
      "error o_empty.yaml:1:1 an action is a map, with at least name and runner_type",
    ]
  `);
});

test('a pack.yaml that is wrong leaves no pack', async () => {
  const { pack, actions, diagnostics } = await readPack(join(fixtures, 'wrong_name'));
  expect(pack).toBeUndefined();
  expect(actions).toEqual([]);
  expect(diagnostics.map((one) => `${one.line}:${one.column} ${one.message}`)).toMatchInlineSnapshot(`
    [
      "1:1 'description' is a required property",
      "1:1 'email' is a required property",
      "2:6 the pack is "other_ref", but its directory is "wrong_name"; rename the directory to "other_ref"",
      "3:10 Pack version "1" doesn't follow a valid semver format. Valid versions and formats include: 0.1.0, 0.2.1, 1.1.0, etc.",
      "4:9 "author" must be text, not 5; put it in quotes",
      "5:18 "python_versions" must be a list of "2" and "3", not ['2', '4']",
      "6:21 "new" is not of the form ">=2.8.0, <4.0.0"",
      "7:11 "keywords" must be a list of text, not 'one'",
    ]
  `);
});

test('entry points are judged where they really are', async () => {
  const directory = join(scratch, 'linked');
  mkdirSync(join(directory, 'actions'), { recursive: true });
  cpSync(join(fixtures, 'good/pack.yaml'), join(directory, 'pack.yaml'));
  writeFileSync(join(directory, 'pack.yaml'), 'name: linked\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: e\n');
  writeFileSync(join(directory, 'actions/real.sh'), '');
  symlinkSync('/bin/sh', join(directory, 'actions/out.sh'));
  const write = (name: string, entryPoint: string): void =>
    writeFileSync(
      join(directory, 'actions', `${name}.yaml`),
      `name: ${name}\nrunner_type: local-shell-script\nentry_point: ${entryPoint}\n`,
    );
  write('absolute_inside', join(directory, 'actions/real.sh'));
  write('link_outside', 'out.sh');
  write('dots', './real.sh');
  write('slashes', 'x//real.sh');
  const { actions, diagnostics } = await readPack(directory);
  expect(actions.map(({ name }) => name)).toEqual(['absolute_inside']);
  expect(diagnostics.map(({ file, message }) => `${file} ${message}`)).toEqual([
    'actions/dots.yaml "./real.sh" must be a plain path under actions/, without "..", "." or "//"',
    'actions/link_outside.yaml "out.sh" is outside the pack',
    'actions/slashes.yaml "x//real.sh" must be a plain path under actions/, without "..", "." or "//"',
  ]);
});

test('a directory without pack.yaml is said to be none', async () => {
  const { pack, diagnostics } = await readPack(join(fixtures, 'nopack'));
  expect(pack).toBeUndefined();
  expect(diagnostics).toEqual([
    { severity: 'error', pack: 'nopack', file: 'pack.yaml', line: 0, column: 0, message: 'the file does not exist' },
  ]);
});

test('findPacks(): the first base path wins, and what is left out is told', async () => {
  const { directories, diagnostics } = await findPacks([fixtures, join(fixtures, 'second'), join(fixtures, 'nowhere')]);
  expect(directories).toEqual(['broken', 'good', 'wrong_name'].map((name) => join(fixtures, name)));
  expect(diagnostics.map(({ severity, pack, message }) => [severity, pack, message])).toEqual([
    ['warning', 'nopack', `${join(fixtures, 'nopack')} has no pack.yaml and is left out`],
    ['warning', 'second', `${join(fixtures, 'second')} has no pack.yaml and is left out`],
    ['warning', 'good', `${join(fixtures, 'second/good')} is left out: ${join(fixtures, 'good')} comes first`],
    ['error', '', `the packs directory ${join(fixtures, 'nowhere')} does not exist`],
  ]);
});

test('our own packs are right', async () => {
  const { directories, diagnostics } = await findPacks([join(root, 'packs')]);
  expect(diagnostics).toEqual([]);
  const packs = await Promise.all(directories.map(readPack));
  expect(packs.flatMap((read) => read.diagnostics)).toEqual([]);
  const names = Object.fromEntries(packs.map(({ pack, actions }) => [pack?.ref, actions.map(({ name }) => name)]));
  expect(names['core']?.join(' ')).toBe('announcement echo error local local_sudo noop pause remote remote_sudo uuid');
  expect(names['default']).toEqual([]);
  expect(names['examples']).toContain('python_runner_print_to_stdout_and_stderr');
});
