/**
 * `npm run conformance -- [NAME...] [--cases DIR]`: what StackStorm and its languages do, as data, against our code.
 * Cases come from the shared directory (STORMTAIL_CASES, else ../shared/conformance beside the clone) and from our own
 * in test/conformance/cases/NAME. Without names all runners run. Exit 1 when a case fails, 2 for a bad command.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run as cliParameters } from './cli-parameters.ts';
import { run as paramCasting } from './param-casting.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  readonly skipped?: number;
}

interface Runner {
  /** In a directory of cases. A runner is not asked about a directory that has no such file. */
  readonly file: string;
  readonly run: (casesDir: string) => Outcome | Promise<Outcome>;
}

const runners: Readonly<Record<string, Runner>> = {
  'param-casting': { file: 'param-casting.json', run: paramCasting },
  'cli-parameters': { file: 'param-casting.json', run: cliParameters },
};

const print = (line: string) => process.stdout.write(`${line}\n`);
const { names, sharedDir } = parseArguments(process.argv.slice(2));
let passed = 0;
let failed = 0;
if (!existsSync(sharedDir)) {
  // Loud, because a run that checked nothing must not look like one that passed.
  print(`THE SHARED CASES ARE MISSING: ${sharedDir} does not exist; give --cases DIR or set STORMTAIL_CASES`);
  if (process.env['CI'] === 'true') failed += 1;
}
for (const name of names) {
  const runner = runners[name];
  if (!runner) continue; // names were checked
  for (const folder of [sharedDir, join('test/conformance/cases', name)]) {
    if (!existsSync(join(folder, runner.file))) continue;
    const outcome = await runner.run(folder);
    passed += outcome.passed;
    failed += outcome.failed.length;
    for (const { id, message } of outcome.failed) print(`${name}: ${id}: ${message}`);
    const skipped = outcome.skipped ? `, ${outcome.skipped} skipped` : '';
    print(`${name}: ${outcome.passed} passed, ${outcome.failed.length} failed${skipped}`);
  }
}
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function parseArguments(words: readonly string[]): { names: string[]; sharedDir: string } {
  const named: string[] = [];
  let cases = process.env['STORMTAIL_CASES'] || '../shared/conformance';
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const next = words[index + 1];
    if (word === '--cases' && next !== undefined) {
      cases = next;
      index += 1;
    } else if (word.startsWith('--cases=')) {
      cases = word.slice('--cases='.length);
    } else if (Object.hasOwn(runners, word)) {
      named.push(word);
    } else {
      process.stderr.write(
        `unknown ${word}; usage: npm run conformance -- [${Object.keys(runners).join('|')}...] [--cases DIR]\n`,
      );
      process.exit(2);
    }
  }
  return { names: named.length > 0 ? named : Object.keys(runners), sharedDir: resolve(cases) };
}
