/**
 * Our own cases of the command line (cases/*.json, in the form of the recorded runs): what the recordings do not show,
 * and what is ours. They stand alone: a clone has all it needs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type CliCase, checkCase } from './check-case.ts';
import { type BuiltCli, buildCli } from './run-cli.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'cases');

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const { cases }: { cases: CliCase[] } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  describe(file.replace('.json', ''), () => {
    it.concurrent.each(cases.map((item) => [item.name, item] as const))('%s', async (_name, item) => {
      await checkCase(cli, item, { stderr: true });
    });
  });
}
