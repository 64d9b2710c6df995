/** Runs the `cli` section of param-casting.json: words after `st2 run <action>` against the parameters sent. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../src/base/errors.ts';
import { isObject } from '../../src/base/json.ts';
import { parseRunParameters } from '../../src/cli/run-parameters.ts';

/** Runner parameters that every case has besides the action's own (README-rules.md, "param-casting.json"). */
const runnerParameters = { timeout: { type: 'integer' }, env: { type: 'object' } };

/** `casesDir` holds param-casting.json. Throws where the file is missing or has another form. */
export function run(casesDir: string): { passed: number; failed: { id: string; message: string }[] } {
  const file: unknown = JSON.parse(readFileSync(join(casesDir, 'param-casting.json'), 'utf8'));
  if (!isObject(file) || !Array.isArray(file.cli))
    throw new Error(`${casesDir}/param-casting.json has no section "cli"`);
  const failed: { id: string; message: string }[] = [];
  for (const item of file.cli) {
    const message = check(item);
    if (message !== undefined) failed.push({ id: String(item.id), message });
  }
  return { passed: file.cli.length - failed.length, failed };
}

function check(item: unknown): string | undefined {
  if (!isObject(item) || !Array.isArray(item.args) || !isObject(item.action_parameters)) return 'malformed case';
  const expectsError = isObject(item.expect) && '$error' in item.expect;
  let sent: unknown;
  try {
    sent = parseRunParameters(item.args.map(String), {
      actionRef: typeof item.action === 'string' ? item.action : 'mock.action',
      runnerParameters,
      actionParameters: item.action_parameters,
      autoDict: item.auto_dict === true,
      readFile: (path) => fileOf(item, path),
    });
  } catch (error) {
    return expectsError ? undefined : `refused: ${messageOf(error)}`;
  }
  if (expectsError) return `expected an error, sent ${JSON.stringify(sent)}`;
  const same = isDeepStrictEqual(sent, item.expect);
  return same ? undefined : `expected ${JSON.stringify(item.expect)}, sent ${JSON.stringify(sent)}`;
}

/** Only cases of our own have files. */
function fileOf(item: Record<string, unknown>, path: string): { text: string; baseName: string } {
  const files = isObject(item.files) ? item.files : {};
  const text = files[path];
  if (typeof text !== 'string') throw new Error(`the case has no file ${path}`);
  return { text, baseName: basename(path) };
}
