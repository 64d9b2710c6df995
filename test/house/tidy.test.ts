/** Every check of tidy is shown to fail on a bad file and to let the good one next to it pass. */
import { describe, expect, it } from 'vitest';
import { printFinding } from '../../tools/tidy/finding.ts';
import { folderImports, packageOwners } from '../../tools/tidy/house.ts';
import { readSource } from '../../tools/tidy/source-text.ts';
import { tidy } from '../../tools/tidy/tidy.ts';

const head = '/** What it is for. */\n';

/** The findings about files given by path; every path exists that is given, and `docs/here.md`. */
function findingsOf(files: Record<string, string>): string[] {
  const given = Object.entries(files).map(([path, text]) => ({ path, text }));
  const exists = (path: string) => path === 'docs/here.md' || path in files;
  return tidy(given, exists).map(printFinding);
}

const findingsIn = (path: string, code: string) => findingsOf({ [path]: head + code });

describe('imports between folders', () => {
  it.each([
    ['src/base/x.ts', '../wire/y.ts', 'src/base/x.ts:2: base may not import wire (allowed: nothing)'],
    ['src/core/model/x.ts', '../params/y.ts', 'core/model may not import core/params (allowed: base)'],
    ['src/operations/x.ts', '../wire/y.ts', 'operations may not import wire'],
    ['src/operations/x.ts', '../runners/y.ts', 'operations may not import runners'],
    ['src/cli/x.ts', '../store/y.ts', 'cli may not import store'],
    [
      'src/api/x.ts',
      '../store/sql/y.ts',
      'src/store/sql/y.ts is private to store: import a file directly in src/store',
    ],
    ['src/api/x.ts', '../core/model/inner/y.ts', 'src/core/model/inner/y.ts is private to core/model'],
    ['src/api/x.ts', '../../tools/y.ts', 'api may not import tools/y.ts'],
    ['src/api/x.ts', '../store/y.test.ts', 'api may not import src/store/y.test.ts'],
    ['src/attic/x.ts', '../base/y.ts', 'attic has no row in the folder table'],
    ['web/src/x.ts', '../../src/wire/y.ts', 'web may only `import type` from wire'],
  ])('%s importing %s is found', (from, specifier, message) => {
    expect(findingsIn(from, `import { y } from '${specifier}';\n`).join()).toContain(message);
    expect(findingsIn(from, `export * from '${specifier}';\n`).join()).toContain(message);
    expect(findingsIn(from, `const y = await import('${specifier}');\n`).join()).toContain(message);
  });

  it.each([
    ['src/api/x.ts', "import { y } from '../core/model/y.ts';"],
    ['src/store/x.ts', "import { y } from './sql/y.ts';"],
    ['src/store/sql/x.ts', "import { y } from '../sqlite/y.ts';"],
    ['src/app/x.ts', "import { y } from '../store/sqlite/y.ts';"],
    ['src/wire/x.test.ts', "import { y } from '../store/sqlite/y.ts';"],
    ['web/src/x.ts', "import type { Y } from '../../src/wire/y.ts';"],
    ['src/base/x.ts', "// import { y } from '../wire/y.ts';\nconst text = \"import { y } from '../wire/y.ts'\";"],
  ])('%s may have %s', (path, code) => {
    expect(findingsIn(path, code)).toEqual([]);
  });

  it('the table names only folders that it has a row for', () => {
    const rows = Object.keys(folderImports);
    for (const [folder, allowed] of Object.entries(folderImports)) {
      for (const name of allowed) if (!name.includes('*')) expect(rows, folder).toContain(name);
    }
  });
});

describe('import cycles', () => {
  const a = `${head}import { b } from './b.ts';\nexport const a = b;\n`;

  it('are found once, with the way round', () => {
    const b = `${head}import { c } from './c.ts';\nexport const b = c;\n`;
    const c = `${head}import { a } from './a.ts';\nexport const c = a;\n`;
    expect(findingsOf({ 'src/bus/a.ts': a, 'src/bus/b.ts': b, 'src/bus/c.ts': c })).toEqual([
      'src/bus/c.ts:2: import cycle: src/bus/a.ts → src/bus/b.ts → src/bus/c.ts → src/bus/a.ts',
    ]);
  });

  it('may go through types', () => {
    const b = `${head}import type { a } from './a.ts';\nexport const b = 1;\n`;
    expect(findingsOf({ 'src/bus/a.ts': a, 'src/bus/b.ts': b })).toEqual([]);
  });
});

describe('packages', () => {
  it.each([
    ['src/operations/x.ts', 'fastify', 'only api, app may import fastify'],
    ['src/store/x.ts', 'node:sqlite', 'only store/sqlite may import node:sqlite'],
    ['src/api/x.ts', 'yaml', 'only content, cli may import yaml'],
    ['src/api/x.ts', '@fastify/static', '@fastify/static has no owner'],
    ['src/api/x.ts', 'lodash/fp', 'lodash has no owner'],
    ['src/api/x.ts', 'vitest', 'vitest is for tests and tools'],
    ['src/core/model/x.ts', 'node:buffer', 'core is pure and may not import node:buffer'],
    ['src/wire/x.ts', 'node:fs/promises', 'wire is pure and may not import node:fs'],
  ])('%s may not import %s', (path, name, message) => {
    expect(findingsIn(path, `import x from '${name}';\n`).join()).toContain(message);
  });

  it('are free to their owners, and development packages to tests', () => {
    for (const [name, owners] of Object.entries(packageOwners)) {
      if (name.startsWith('node:')) continue;
      for (const owner of owners) expect(findingsIn(`src/${owner}/x.ts`, `import x from '${name}';\n`)).toEqual([]);
    }
    expect(findingsIn('src/api/x.test.ts', "import { it } from 'vitest';\n")).toEqual([]);
  });

  it('have exact versions', () => {
    const manifest = { dependencies: { a: '1.0.0', b: '^1.0.0' }, overrides: { c: '^1.0.0' } };
    expect(findingsOf({ 'package.json': JSON.stringify(manifest, null, 2) })).toEqual([
      'package.json:4: b: give the exact version, not ^1.0.0',
    ]);
  });
});

describe('purity of core and wire', () => {
  it.each([
    ['const t = Date.now();', 'reads a clock'],
    ['const t = new Date();', 'reads a clock'],
    ['const t = performance.now();', 'reads a clock'],
    ['const r = Math.random();', 'draws a random number'],
    ['const e = process.env;', 'looks at its surroundings'],
    ['setTimeout(f, 1);', 'waits'],
    ['async function f() {}', 'waits'],
    ['let p: Promise<void>;', 'waits'],
    ['fetch(url);', 'does I/O'],
  ])('%s is found', (code, what) => {
    expect(findingsIn('src/core/params/x.ts', code)).toContain(`src/core/params/x.ts:2: ${what}, and core is pure`);
    expect(findingsIn('src/wire/x.ts', code)).toContain(`src/wire/x.ts:2: ${what}, and wire is pure`);
  });

  it('lets dates be computed and words be written', () => {
    const code =
      "const d = new Date(0);\n// await the Promise of process.env\nconst text = 'async';\nconst p = /await/;\n";
    expect(findingsIn('src/core/params/x.ts', code)).toEqual([]);
  });
});

describe('banned calls', () => {
  it.each([
    ['src/runners/x.ts', 'setTimeout(f, 1);', 'take timers from the clock'],
    ['src/services/x.ts', 'const t = Date.now();', 'take time from the clock'],
    ['src/api/x.ts', "console.log('x');", 'use the log'],
    ['src/app/x.ts', 'process.exit(1);', 'let the error reach main'],
    ['src/runners/x.ts', 'const p = process.env.PATH;', 'settings come from the configuration'],
    ['src/api/x.test.ts', "vi.mock('./y.ts');", 'no mocks of our own code'],
    ['test/integration/x.test.ts', "it.only('x', f);", 'take `.only` away'],
  ])('%s: %s', (path, code, message) => {
    expect(findingsIn(path, code).join()).toContain(message);
  });

  it.each([
    ['src/base/clock.ts', 'setTimeout(f, 1);'],
    ['src/cli/x.ts', "console.log('x');"],
    ['src/app/main.ts', 'process.exit(1);'],
    ['src/runners/x.test.ts', 'setTimeout(f, 1);'],
  ])('%s may have %s', (path, code) => {
    expect(findingsIn(path, code)).toEqual([]);
  });
});

describe('types and comments', () => {
  it.each([
    ['let x: any;', '`any` needs a reason on the same line'],
    ['f(x as any);', '`any` needs a reason on the same line'],
    ['let x: Map<string, Array<any>>;', '`any` needs a reason on the same line'],
    ['// @ts-ignore\nf();', '@ts-ignore needs a reason behind it'],
    ['// @ts-nocheck\nf();', '@ts-nocheck turns every check off'],
    [`// TO${'DO'} later`, 'without an issue'],
    ['try { f(); } catch {}', 'empty catch'],
    ['try { f(); } catch (error) { }', 'empty catch'],
  ])('%j is found', (code, message) => {
    expect(findingsIn('src/api/x.ts', code).join()).toContain(message);
  });

  it.each([
    'let x: any; // the library says so',
    '// @ts-expect-error: the test hands it rubbish on purpose\nf();',
    `// TO${'DO'} (#12): later`,
    'try { f(); } catch { /* absent is fine */ }',
    "const text = ': any';",
  ])('%j passes', (code) => {
    expect(findingsIn('src/api/x.ts', code)).toEqual([]);
  });
});

describe('files', () => {
  it.each(['src/api/utils.ts', 'src/api/string-helpers.ts', 'src/common/x.ts', 'web/src/queue-manager.tsx'])(
    'the name %s is found',
    (path) => {
      expect(findingsIn(path, '')).toContain(`${path}:1: the name says nothing: name the file by what it is for`);
    },
  );

  it('must begin with what they are for, and say why they are long', () => {
    expect(findingsOf({ 'src/api/x.ts': 'export const x = 1;\n' })).toEqual([
      'src/api/x.ts:1: begin with a comment that says what the file is for',
    ]);
    const long = 'x();\n'.repeat(450);
    expect(findingsIn('src/api/x.ts', long).join()).toContain('src/api/x.ts:400: 452 lines');
    expect(findingsOf({ 'src/api/x.ts': `/** X.\n * Long on purpose: one table. */\n${long}` })).toEqual([]);
  });

  it('must not name paths of one machine', () => {
    for (const path of [`/${'work'}/main`, `/${'root'}/x`, `/${'home'}/anna/x`]) {
      expect(findingsOf({ 'README.md': `see ${path}\n` }).join()).toContain('README.md:1: path of one machine');
    }
    expect(findingsOf({ 'README.md': 'ssh keys of /home/stanley/.ssh, /tmp/x, https://x.org/home/page\n' })).toEqual(
      [],
    );
  });

  it('must not point at what is not there', () => {
    expect(
      findingsOf({ 'docs/a.md': '[x](b.md) [y](here.md#z) [z](https://x.org) `src/gone.ts` `src/*.ts`\n' }),
    ).toEqual(['docs/a.md:1: link to b.md, which does not exist', 'docs/a.md:1: src/gone.ts does not exist']);
    const gone = 'docs/gone.md';
    expect(findingsOf({ 'src/api/x.ts': `// see ${gone} and docs/here.md\n` })).toEqual([
      `src/api/x.ts:1: ${gone} does not exist`,
    ]);
  });
});

describe('tables', () => {
  const errors = `${head}export const errorTable = {\n  busy: { kind: 'world' },\n  rare: { kind: 'world' },\n} as const;\n`;

  it('of error codes: what is used is there, what is there is used', () => {
    const code = `${head}throw new Fault('busy', '');\nthrow new Fault('other', '');\n`;
    expect(findingsOf({ 'src/base/errors.ts': errors, 'src/api/x.ts': code })).toEqual([
      'src/api/x.ts:3: error code "other" is not in src/base/errors.ts',
      'src/base/errors.ts:4: error code "rare" is used nowhere',
    ]);
  });

  it('of statuses: there is one', () => {
    expect(findingsIn('src/api/x.ts', "const s = ['failed', 'timeout',\n  'abandoned'];").join()).toContain(
      'a list of statuses',
    );
    expect(findingsIn('src/api/x.ts', "const s = ['failed', 'other', 'abandoned'];")).toEqual([]);
    expect(
      findingsIn('src/api/x.ts', "const s = ['failed', 'timeout', 'abandoned']; // what the client waits for"),
    ).toEqual([]);
  });
});

describe('readSource()', () => {
  const codeOf = (text: string) => readSource('x.ts', text).code;

  it('keeps places: the code is as long as the text and has its line breaks', () => {
    const text = '/* a\nb */ const x = `t${`u${1}` + "s"}` // c\n';
    expect(codeOf(text)).toHaveLength(text.length);
    expect(codeOf(text).split('\n')).toHaveLength(text.split('\n').length);
  });

  it.each([
    ["a('b') + c", "a(' ') + c"],
    ["a('\\'') + c", "a('  ') + c"],
    ['`x${ y }z`', '` ${ y } `'],
    ['`${ { a: 1 } }`+b', '`${ { a: 1 } }`+b'],
    ['return /[/"]/.test(a)', 'return /    /.test(a)'],
    ['a / b / c', 'a / b / c'],
    ["don't\nx()", "don' \nx()"],
  ])('%j', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});
