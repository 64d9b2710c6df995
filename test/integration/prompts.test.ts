/** Prompts of running actions are answered over HTTP. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendInput, untilPrinted } from '../support/prompt.ts';
import { processesOf } from '../support/server-process.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';

const files = {
  'packs/prompts/pack.yaml':
    'ref: prompts\nname: prompts\ndescription: Prompts\nversion: 1.0.0\nauthor: Jane\nemail: j@example.com\n',
  'packs/prompts/actions/ask.yaml': `name: ask
runner_type: python-script
entry_point: ask.py
parameters:
  interactive: {default: true}
  greeting: {type: string, default: hello}
`,
  'packs/prompts/actions/ask.py': `import sys
from st2common.runners.base_action import Action


class Ask(Action):
    def run(self, greeting):
        name = input("name? ")
        return {"said": "%s %s" % (greeting, name), "rest": sys.stdin.read(), "is_tty": sys.stdout.isatty()}
`,
  'packs/prompts/actions/own.yaml': `name: own
runner_type: local-shell-script
entry_point: own.sh
parameters:
  tty: {type: boolean, default: true, position: 0}
  stdin: {type: string, default: mine, position: 1}
  interactive: {type: string, default: maybe, position: 2}
`,
  'packs/prompts/actions/own.sh': '#!/bin/sh\necho "$1 $2 $3"; test -t 1 || echo no terminal; cat\n',
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ files, config: '[stormtail]\naction_kill_grace_ms = 300\n' });
});
afterAll(() => server[Symbol.asyncDispose]());

const ask = 'printf "name? "; read -r n; echo "hi $n"';
const send = (id: string, body: object) => sendInput(server, id, body);
const printed = (id: string, part: string) => untilPrinted(server, id, part);

describe('the API', () => {
  test('sends an answer to a prompt, and notes who did but not what', async () => {
    const id = await server.run('core.local', { cmd: ask, interactive: true });
    await printed(id, 'name? ');
    expect(await server.execution(id)).toMatchObject({ status: 'running', input: 'open' });
    expect(await send(id, { data: 'correct-horse\n' })).toMatchObject({ status: 200, json: { bytes: 14 } });
    const { result } = await server.finished(id);
    expect(result).toMatchObject({ succeeded: true, stdout: 'name? hi correct-horse' });
    await until('the log line', async () => server.stderr.includes('input was sent to an execution'));
    expect(server.stderr).not.toContain('correct-horse');
    const line = server.stderr.split('\n').find((each) => each.includes('input was sent'));
    expect(line).toContain(id);
  });

  test('ends the input, behind the last of it', async () => {
    const id = await server.run('core.local', { cmd: 'cat; exit 5', interactive: true, stdin: 'first\n' });
    await printed(id, 'first');
    expect((await send(id, { data: 'last', eof: true })).status).toBe(200);
    expect(await server.finished(id)).toMatchObject({ result: { return_code: 5, stdout: 'first\nlast' } });
  });

  test('stdin without more is read to its end', async () => {
    const long = 'x'.repeat(200_000);
    const id = await server.run('core.local', { cmd: 'wc -c; read -r more || echo end', stdin: long });
    expect((await server.finished(id))['result'].stdout).toBe('200000\nend');
    expect(await server.execution(id)).not.toHaveProperty('input');
  });

  test('a terminal: the program sees one, and its stderr is in the same stream', async () => {
    const cmd = 'test -t 0 && test -t 1 && tty; stty size; echo "$TERM $COLUMNS"; echo err >&2; read -r a; echo "$a"';
    const id = await server.run('core.local', { cmd, tty: true, env: { COLUMNS: 90 } });
    await printed(id, 'err');
    expect((await server.execution(id))['input']).toBe('terminal');
    await send(id, { data: 'bye\n' });
    const { result } = await server.finished(id);
    expect(result.stdout).toMatch(/^\/dev\/\S+\n40 90\nxterm-256color 90\nerr\nbye\nbye$/);
    expect(result.stderr).toBe('');
  });

  test('without a terminal nothing is said of one: no program needs to colour', async () => {
    const id = await server.run('core.local', { cmd: 'env', interactive: true, env: { NO_COLOR: '1' } });
    const { stdout } = (await server.finished(id))['result'];
    expect(stdout).toMatch(/^NO_COLOR=1$/m);
    expect(stdout).not.toMatch(/^(TERM|COLUMNS|LINES|FORCE_COLOR)=/m);
  });

  test('a Python action asks, and has its parameters and its result', async () => {
    const id = await server.run('prompts.ask', { greeting: 'good day' });
    await printed(id, 'name? ');
    await send(id, { data: 'ann\nmore\n', eof: true });
    const { result } = await server.finished(id);
    expect(result.result).toEqual({ said: 'good day ann', rest: 'more\n', is_tty: false });
  });

  test('a Python action in a terminal, and one that is given its input at once', async () => {
    const inTerminal = await server.run('prompts.ask', { tty: true });
    await printed(inTerminal, 'name? ');
    await send(inTerminal, { data: 'bob\n' });
    await send(inTerminal, { eof: true });
    expect((await server.finished(inTerminal))['result'].result).toEqual({ said: 'hello bob', rest: '', is_tty: true });
    const given = await server.run('prompts.ask', { interactive: false, stdin: 'cy\nü\n' });
    expect((await server.finished(given))['result'].result).toEqual({ said: 'hello cy', rest: 'ü\n', is_tty: false });
  });

  test('an action that declares these names itself keeps them', async () => {
    const id = await server.run('prompts.own', { stdin: 'theirs' });
    expect((await server.finished(id))['result'].stdout).toBe('1 theirs maybe\nno terminal');
    expect(await server.execution(id)).not.toHaveProperty('input');
  });

  test('says why it cannot be sent', async () => {
    const plain = await server.run('core.local', { cmd: 'sleep 600' });
    await server.reached(plain, 'running');
    expect(await send(plain, { data: 'x\n' })).toMatchObject({
      status: 409,
      json: { faultstring: expect.stringContaining('run with interactive: true or tty: true') },
    });
    await server.request('DELETE', `/api/v1/executions/${plain}`);
    const over = await server.run('core.local', { cmd: 'true', interactive: true });
    await server.finished(over);
    expect(await send(over, { data: 'x\n' })).toMatchObject({
      status: 409,
      json: { faultstring: `execution ${over} is over (succeeded): nothing reads its input` },
    });
    const waiting = await server.run('core.local', { cmd: ask, interactive: true }, { delay: 600_000 });
    expect(await send(waiting, { data: 'x\n' })).toMatchObject({ status: 409 });
    await server.request('DELETE', `/api/v1/executions/${waiting}`);
    const id = await server.run('core.local', { cmd: 'cat; sleep 600', interactive: true });
    await server.reached(id, 'running');
    expect((await send(id, {})).status).toBe(400);
    expect((await send(id, { data: 'x'.repeat(65 * 1024) })).status).toBe(400);
    expect((await send(id, { data: 1 })).status).toBe(400);
    expect((await send(id, { eof: true })).status).toBe(200);
    expect(await send(id, { data: 'late' })).toMatchObject({
      status: 409,
      json: { faultstring: `the input of execution ${id} has ended` },
    });
    expect((await send('000000000000000000000000', { data: 'x' })).status).toBe(404);
    const stranger = await server.request('POST', `/api/v1/executions/${id}/stdin`, { data: 'x' }, {});
    expect(stranger.status).toBe(401);
    await server.request('DELETE', `/api/v1/executions/${id}`);
    await server.finished(id);
    expect(processesOf(id)).toEqual([]);
  });

  test('a timeout ends a terminal with all that is in it', async () => {
    const cmd = 'trap "" TERM HUP; sleep 600 & setsid sleep 601 & read -r x; sleep 602';
    const id = await server.run('core.local', { cmd, tty: true, timeout: 1 });
    const finished = await server.finished(id, 30_000);
    expect(finished['status']).toBe('timeout');
    expect(processesOf(id)).toEqual([]);
    expect(existsSync(join(server.home, 'output', id, 'input'))).toBe(false);
  });
});
