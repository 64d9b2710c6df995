/** Secrets of an execution, printed in every way: nobody gets to see them, on no path. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Json, startServer, type TestServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream } from '../support/sse.ts';

const password = `it's "p@ss" w/ört 4711`;
const pin = 86_753_091;
const configured = 'of-the-configuration';
const hidden = [password, String(pin), configured];

const files = {
  'packs/tried/pack.yaml': 'ref: tried\nname: tried\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n',
  'packs/tried/config.schema.yaml': 'key: {type: string, secret: true}\nregion: {type: string}\n',
  'configs/tried.yaml': `key: ${configured}\nregion: here\n`,
  'packs/tried/actions/show.yaml': `name: show
runner_type: local-shell-script
entry_point: show.sh
parameters:
  password: {type: string, secret: true, position: 0}
  pin: {type: integer, secret: true, position: 1}
  pause: {type: string, default: "0", position: 2}
`,
  'packs/tried/actions/show.sh': `#!/bin/bash
set -x
echo "password $1 and pin $2"
printf '%s' "$1" | base64
printf '%q\\n' "$1"
echo "token $ST2_ACTION_AUTH_TOKEN" >&2
for ((i = 0; i < \${#1}; i++)); do printf '%s' "\${1:i:1}"; sleep "$3"; done
echo
echo done
`,
  'packs/tried/actions/tell.yaml': `name: tell
runner_type: python-script
entry_point: tell.py
parameters:
  password: {type: string, secret: true}
`,
  'packs/tried/actions/tell.py': `import json, sys, urllib.parse
from st2common.runners.base_action import Action

class Tell(Action):
    def run(self, password):
        print(json.dumps({"p": password, "k": self.config["key"]}))
        print(urllib.parse.quote_plus(password))
        self.logger.info("logged %s", password)
        if password.endswith("!"):
            raise ValueError("cannot use " + password)
        return {"given": [password], self.config["key"]: 1, "region": self.config["region"]}
`,
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ files });
});
afterAll(() => server[Symbol.asyncDispose]());

function expectHidden(text: string, values: readonly string[] = hidden): void {
  for (const value of values) {
    expect(text).not.toContain(value);
    expect(text).not.toContain(JSON.stringify(value).slice(1, -1));
    expect(text).not.toContain(Buffer.from(value).toString('base64').slice(0, 12));
  }
}

async function everythingOf(id: string): Promise<string> {
  const paths = [
    `/api/v1/executions/${id}`,
    `/api/v1/executions/${id}/output`,
    `/api/v1/executions/${id}/output?format=json`,
    `/api/v1/executions/${id}/output?format=raw&output_type=stdout`,
    `/api/v1/executions/${id}/output?format=raw&output_type=stderr`,
    `/stream/v1/executions/${id}/output`,
  ];
  const answers = await Promise.all(paths.map((path) => server.request('GET', path)));
  expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
  return answers.map(({ text }) => text).join('\n');
}

describe('secrets of an execution', () => {
  test('a script that prints its secret parameters and its token: live, later, raw, in the result and in all events', async () => {
    using events = await EventStream.open(`${server.url}/stream/v1/stream?events=*`, {
      headers: { 'St2-Api-Key': server.apiKey },
    });
    const id = await server.run('tried.show', { password, pin, pause: '0.01' });
    using live = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output`, {
      headers: { 'St2-Api-Key': server.apiKey },
    });
    const finished = await server.finished(id);
    await within('the end of the stream', 10_000, live.closed);
    await until('the final event', () =>
      events.frames.some(({ event, data }) => event === 'st2.execution__update' && data.includes('"succeeded"')),
    );
    expect(finished).toMatchObject({ status: 'succeeded', output: { lost_bytes: 0 } });
    const { stdout, stderr } = finished['result'];
    expect(stdout).toBe('password ******** and pin ********\n********\n********\n********\ndone');
    expect(stderr).toContain('token ********\n');
    expect(stderr).toContain('+ echo ');
    expect(await server.output(id)).toContain('password ******** and pin ********\n');
    const seen = [await everythingOf(id), JSON.stringify(live.frames), JSON.stringify(events.frames)].join('\n');
    expectHidden(seen, [password, String(pin)]);
    expect(seen).not.toMatch(/st\.[0-9a-f]{24}/);
    // It was printed: the files of the server have it.
    const raw = await readFile(join(server.home, 'output', id.slice(0, 5), id, 'stdout'), 'utf8');
    expect(raw).toContain(password);
    expectHidden(server.stdout + server.stderr, [password, String(pin)]);
  });

  test('a Python action that prints and returns them, and the secrets of its configuration', async () => {
    const finished: Json = await server.finished(await server.run('tried.tell', { password }));
    expect(finished['result'].result).toEqual({ given: ['********'], '********': 1, region: 'here' });
    expect(finished['result'].stdout).toBe('{"p": "********", "k": "********"}\n********\n');
    expect(finished['result'].stderr).toContain('logged ********');
    expectHidden(await everythingOf(finished['id']));
  });

  test('an error that says one', async () => {
    const finished: Json = await server.finished(await server.run('tried.tell', { password: `${password}!` }));
    expect(finished).toMatchObject({ status: 'failed' });
    const text = await everythingOf(finished['id']);
    expect(text).toContain('cannot use ********');
    expectHidden(text);
  });

  test('an execution that outlives the server, printing them before and after', async () => {
    await using first = await startServer({ files });
    const id = await first.run('tried.show', { password, pin, pause: '0.15' });
    await until('its first output', async () => (await first.output(id)).includes('password'));
    await first.kill();
    const second = await first.again();
    const finished = await second.finished(id);
    expect(finished['result'].stdout).toBe('password ******** and pin ********\n********\n********\n********\ndone');
    expectHidden(await second.output(id), [password, String(pin)]);
    expect(finished['result'].stderr).toContain('token ********\n');
  });
});
