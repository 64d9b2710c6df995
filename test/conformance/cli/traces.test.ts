/**
 * The recorded runs of StackStorm's own command line (cli-traces.json): same arguments, same answers of the services,
 * so the same output, exit code and requests, to the letter.
 *
 * One thing differs by design. The original tails on the general stream (path 3) and must ask for children first; ours
 * follows the execution's own stream (path 2), which resumes. For those runs the two requests are replaced by the one
 * that ours makes, with the recorded events as that path frames them; what is printed must be the same.
 *
 * The data is not part of this repository: it is read from STORMTAIL_CASES or the folder `reference` beside that, else
 * from ../shared/reference beside the checkout. Without it the suite is skipped, in CI it fails.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isObject } from '../../../src/base/json.ts';
import { branches, commands } from '../../../src/cli/command-table.ts';
import { type CliCase, checkCase } from './check-case.ts';
import type { RecordedRequest, RecordedResponse } from './replay-server.ts';
import { type BuiltCli, buildCli } from './run-cli.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const cases = process.env.STORMTAIL_CASES;
const file = [...(cases ? [cases, join(cases, '../reference')] : []), join(root, '../shared/reference')]
  .map((folder) => join(folder, 'cli-traces.json'))
  .find(existsSync);

/** What the recorded runs found on disk; the recording itself does not say. */
const filesOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  whoami: {
    '~/.st2/config': '[credentials]\nusername = st2admin\n\n',
    '~/.st2/token-st2admin': '{"token": "4d76e023841a4a91a9c66aa4541156fe", "expire_timestamp": 4070908800}',
  },
  'run-param-file': { 'script.txt': 'line one\nline two\n' },
  'nginx-urls-run-tail': {
    'nginx.ini': [
      '[general]',
      'cacert = False',
      '[credentials]',
      'username = st2admin',
      'password = Ch@ngeMe',
      '[api]',
      'url = http://127.0.0.1:9180/api/v1',
      '[auth]',
      'url = http://127.0.0.1:9180/auth/v1',
      '[stream]',
      'url = http://127.0.0.1:9180/stream/v1',
      '',
    ].join('\n'),
  },
};

/** Recorded commands that this program does not have yet: a new command must leave this list. */
const absent = [
  'action clone',
  'action create',
  'action delete',
  'action disable',
  'action-alias',
  'inquiry',
  'key',
  'pack install',
  'pack remove',
  'pack search',
  'pack show',
  'policy',
  'policy-type',
  'role',
  'role-assignment',
  'rule',
  'rule-enforcement',
  'sensor',
  'service-registry',
  'timer',
  'trace',
  'trigger',
  'trigger-instance',
  'webhook',
  'workflow',
];

if (!file) {
  const reason = 'cli-traces.json not found; set STORMTAIL_CASES to the folder that holds it';
  if (process.env.CI === 'true') {
    it('has its data', () => expect.fail(reason));
  } else {
    console.warn(`SKIPPED: conformance of the command line: ${reason}`);
    it.skip(`conformance of the command line: ${reason}`, () => {});
  }
} else {
  const traces = readTraces(file);
  const mine = traces.filter((trace) => commandOf(trace) !== undefined);
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli.remove());

  describe('recorded runs', () => {
    it.concurrent.each(mine.map((trace) => [trace.name, trace] as const))('%s', async (_name, trace) => {
      await checkCase(cli, withOwnTail({ ...trace, ...(filesOf[trace.name] ? { files: filesOf[trace.name] } : {}) }), {
        stderr: false,
      });
    });

    it('leaves out only commands that are known to be absent', () => {
      const left = traces.filter((trace) => commandOf(trace) === undefined).map(wordsOf);
      const names = left.map(([first = '', second = '']) => (absent.includes(first) ? first : `${first} ${second}`));
      expect([...new Set(names)].sort()).toEqual([...absent].sort());
    });
  });
}

function readTraces(path: string): CliCase[] {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isObject(parsed) || !Array.isArray(parsed.traces)) throw new Error(`${path} has no traces`);
  return parsed.traces;
}

/** The command's words: what follows the global options and is no option itself. */
function wordsOf(trace: CliCase): string[] {
  const args = trace.argv.slice(1);
  const start = args.findIndex(
    (word, index) => !word.startsWith('-') && !['--config-file', '--url'].includes(args[index - 1] ?? ''),
  );
  return args.slice(start);
}

function commandOf(trace: CliCase): string | undefined {
  const [first = '', second = ''] = wordsOf(trace);
  const path = branches.some((branch) => branch.name === first) ? `${first} ${second}` : first;
  return commands.find((command) => command.path === path)?.path;
}

/** The original's two requests before a tail become our one. */
function withOwnTail(trace: CliCase): CliCase {
  const requests = trace.requests.flatMap((request): RecordedRequest[] => {
    if (request.target.endsWith('include_attributes=id%2Cchildren')) return [];
    const id = /end_execution_id=([0-9a-f]+)/.exec(request.target)?.[1];
    if (id === undefined) return [request];
    const path = request.target.replace(/\/stream\?.*$/, `/executions/${id}/output?status=true`);
    return [{ ...request, target: path, headers: tokenOf(trace), response: asOutputStream(request.response) }];
  });
  return { ...trace, requests };
}

/** Path 3 has the token in the query; on path 2 it is the header that the other requests carry. */
function tokenOf(trace: CliCase): Readonly<Record<string, string>> {
  return trace.requests.find((request) => request.headers['X-Auth-Token'])?.headers ?? {};
}

function asOutputStream(response: RecordedResponse): RecordedResponse {
  const events = isObject(response) && 'events' in response && Array.isArray(response.events) ? response.events : [];
  const frames = events.map(
    (event, index) => `id: ${index + 1}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`,
  );
  return {
    status: response.status,
    content_type: 'text/event-stream',
    pieces: ['\n', ...frames, "event: EOF\ndata: ''\n\n"],
  };
}
