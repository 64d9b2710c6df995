/** Python actions in real interpreters: what they are given, what their end becomes, that nothing of them stays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from '../support/server-process.ts';
import { type Json, type TestServer, startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream } from '../support/sse.ts';

let server: TestServer;

const action = (body: string) => `import json, os, subprocess, sys, time
from st2common.runners.base_action import Action

class Tried(Action):
    def run(self, **given):
${body
  .split('\n')
  .map((line) => `        ${line}`)
  .join('\n')}
`;

const bodies = {
  value: 'return {"given": given, "seven": 7}',
  told: 'return (False, {"why": "no"})',
  accepted: 'return True, [1, 2]',
  strange: 'return ("maybe", 1)',
  raising: 'print("before")\nraise ValueError("it broke: é")',
  leaving: 'print("before")\nsys.exit(5)',
  nothing: 'pass',
  printing:
    'sys.stdout.write("é no newline")\nsys.stderr.write("err\\n")\nself.logger.warning("logged")\nreturn "done"',
  configured: 'return {**self.config, "key backwards": self.config["key"][::-1]}',
  environment: 'return {name: os.environ.get(name) for name in given["names"]}',
  listing: 'return [open("/proc/%s/cmdline" % os.getpid()).read(), open("/proc/%s/cmdline" % os.getppid()).read()]',
  sleeping: 'p = subprocess.Popen(["sleep", "600"])\nprint("ready")\ntime.sleep(600)',
  long: 'return {"length": len(given["text"]), "end": given["text"][-3:]}',
  big: 'return "x" * 3000000',
  odd: 'return {"set": {1}, "when": time}',
  reading: 'return sys.stdin.read()',
  json: 'print(\'{"a": 1}\')\nreturn None',
};

beforeAll(async () => {
  const files: Record<string, string> = {
    'packs/tried/pack.yaml':
      'ref: tried\nname: tried\ndescription: Tried here.\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n',
    'packs/tried/config.schema.yaml':
      'region: {type: string, default: nowhere}\nkey: {type: string, secret: true}\nretries: {type: integer, default: 3}\n',
    'configs/tried.yaml': 'region: here\nkey: s3cr3t-config\n',
  };
  for (const [name, body] of Object.entries(bodies)) {
    files[`packs/tried/actions/${name}.py`] = action(body);
    files[`packs/tried/actions/${name}.yaml`] =
      `name: ${name}\nrunner_type: python-script\nentry_point: ${name}.py\nparameters:\n  text: {type: string}\n  names: {type: array}\n  key: {type: string, secret: true}\n`;
  }
  files['packs/tried/actions/broken.py'] = 'def run(:\n';
  files['packs/tried/actions/broken.yaml'] = 'name: broken\nrunner_type: python-script\nentry_point: broken.py\n';
  server = await startServer({ config: '[stormtail]\naction_kill_grace_ms = 300\n', files, env: { LEAK: 'leaked' } });
});

afterAll(() => server[Symbol.asyncDispose]());

async function run(name: keyof typeof bodies | 'broken', parameters: object = {}): Promise<Json> {
  return server.finished(await server.run(`tried.${name}`, parameters));
}

describe('what run() returns', () => {
  test('a value succeeds', async () => {
    expect(await run('value', { text: 'é' })).toMatchObject({
      status: 'succeeded',
      result: { result: { given: { text: 'é' }, seven: 7 }, exit_code: 0, stdout: '', stderr: '' },
    });
    expect((await run('nothing'))['result'].result).toBeNull();
  });

  test('(bool, value) decides', async () => {
    expect(await run('told')).toMatchObject({ status: 'failed', result: { result: { why: 'no' }, exit_code: 0 } });
    expect(await run('accepted')).toMatchObject({ status: 'succeeded', result: { result: [1, 2] } });
  });

  test('a pair without a status fails with the reason', async () => {
    const finished = await run('strange');
    expect(finished['status']).toBe('failed');
    expect(finished['result'].error).toMatch(/maybe|bool|status/i);
  });

  test('3 MB, and values that are no JSON', async () => {
    expect((await run('big'))['result'].result).toHaveLength(3_000_000);
    expect((await run('odd'))['status']).toBe('succeeded');
  });
});

describe('how it may end otherwise', () => {
  test('an exception: traceback of the pack on stderr, exit code 1', async () => {
    const finished = await run('raising');
    expect(finished).toMatchObject({ status: 'failed', result: { exit_code: 1, stdout: 'before\n', result: 'None' } });
    expect(finished['result'].stderr).toMatch(/raising\.py", line \d+, in run[\s\S]*ValueError: it broke: é/);
    expect(finished['result'].stderr).not.toContain('stormtail_action.py');
  });

  test('sys.exit', async () => {
    expect(await run('leaving')).toMatchObject({
      status: 'failed',
      result: { exit_code: 5, stdout: 'before\n', result: 'None' },
    });
  });

  test('a file that Python cannot read: the place', async () => {
    const finished = await run('broken');
    expect(finished['status']).toBe('failed');
    expect(finished['result'].stderr).toMatch(/broken\.py", line 1[\s\S]*SyntaxError/);
  });

  test('timeout and cancel take its children along', async () => {
    const [late, unwanted] = await Promise.all([
      server.run('tried.sleeping', { timeout: 1 }),
      server.run('tried.sleeping'),
    ]);
    for (const id of [late, unwanted])
      await until('its child', () => processesOf(id).some(({ command }) => command.startsWith('sleep 600')));
    await server.request('DELETE', `/api/v1/executions/${unwanted}`);
    expect(await server.finished(late)).toMatchObject({
      status: 'timeout',
      result: { exit_code: -9, stdout: 'ready\n', result: 'None', error: 'Action failed to complete in 1 seconds' },
    });
    expect(await server.finished(unwanted)).toMatchObject({
      status: 'canceled',
      result: { message: 'Action canceled by user.' },
    });
    expect([...processesOf(late), ...processesOf(unwanted)]).toEqual([]);
  });
});

describe('what it prints', () => {
  test('is its own to the last byte, also without a line end', async () => {
    const finished = await run('printing');
    expect(finished['result']).toMatchObject({ result: 'done', stdout: 'é no newline' });
    expect(finished['result'].stderr).toMatch(/^err\n.*WARNING.*logged\n$/);
    expect(await server.output(finished['id'], '?output_type=stdout')).toBe('é no newline');
    // Not taken as a value, unlike a shell command's.
    expect((await run('json'))['result'].stdout).toBe('{"a": 1}\n');
  });

  test('comes line by line while it runs', async () => {
    const id = await server.run('examples.python_runner_print_to_stdout_and_stderr', { count: 4, sleep_delay: 0.3 });
    using stream = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output`, {
      headers: { 'St2-Api-Key': server.apiKey },
    });
    await within('EOF', 10_000, stream.closed);
    const times = stream.events('st2.execution.output__create').map((frame) => frame.atMs);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(600);
  });
});

describe('what it is given', () => {
  test('the configuration of its pack, over the defaults of the schema', async () => {
    expect((await run('configured'))['result'].result).toEqual({
      region: 'here',
      key: '********',
      'key backwards': 'gifnoc-t3rc3s',
      retries: 3,
    });
  });

  test('the names st2client looks for, and nothing of the server', async () => {
    const names = ['ST2_API_URL', 'ST2_ACTION_API_URL', 'ST2_ACTION_PACK_NAME', 'LEAK', 'STORMTAIL_HOME', 'PYTHONPATH'];
    const finished = await run('environment', { names });
    expect(finished['result'].result).toEqual({
      ST2_API_URL: `${server.url}/api/v1`,
      ST2_ACTION_API_URL: `${server.url}/api/v1`,
      ST2_ACTION_PACK_NAME: 'tried',
      LEAK: null,
      STORMTAIL_HOME: null,
      PYTHONPATH: null,
    });
  });

  test('parameters and configuration on no command line', async () => {
    const finished = await run('listing', { key: 's3cr3t-parameter', text: 'plain-parameter' });
    const lines = JSON.stringify(finished['result'].result);
    expect(lines).toContain('stormtail_forkserver.py');
    expect(lines).not.toMatch(/s3cr3t|plain-parameter/);
  });

  test('a parameter of 1 MB', async () => {
    const finished = await run('long', { text: `${'x'.repeat(1_000_000)}end` });
    expect(finished['result'].result).toEqual({ length: 1_000_003, end: 'end' });
  });

  test('an empty standard input', async () => {
    expect((await run('reading'))['result'].result).toBe('');
  });
});
