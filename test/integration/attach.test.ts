/** `st2 execution attach`: output in one direction, what is typed or piped in in the other, between real terminals. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, buildCli, runCli } from '../conformance/cli/run-cli.ts';
import { nameCommand, sendInput } from '../support/prompt.ts';
import { processesOf } from '../support/server-process.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('the command line', () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await buildCli();
  });
  afterAll(() => cli.remove());
  const environment = () => ({
    ST2_API_URL: `${server.url}/api/v1`,
    ST2_STREAM_URL: `${server.url}/stream/v1`,
    ST2_API_KEY: server.apiKey,
  });
  const call = (args: readonly string[], stdin: string) =>
    runCli({ cli, args, environment: environment(), home: server.home, stdin });

  test('attach sends what is piped in, then the end, and prints to the end', async () => {
    const id = await server.run('core.local', { cmd: `${nameCommand}; wc -c; exit 1`, interactive: true });
    const { stdout, exitCode } = await call(['execution', 'attach', id], `ann\n${'ü'.repeat(50_000)}`);
    expect(stdout).toContain('name? hi ann\n100000\n');
    expect(stdout).toContain(`Execution ${id} has completed (status=failed).`);
    expect(exitCode).toBe(1);
  });

  test('run --attach starts and attaches', async () => {
    const args = ['run', 'core.local', 'interactive=true', '--attach', `cmd=${nameCommand}`];
    const { stdout, exitCode } = await call(args, 'bob\n');
    expect(stdout).toContain('name? hi bob');
    expect(stdout).toContain('succeeded');
    expect(exitCode).toBe(0);
  });

  test('says so of an execution that takes no input, and follows it', async () => {
    const id = await server.run('core.local', { cmd: 'sleep 0.5; echo done' });
    const { stdout, stderr } = await call(['execution', 'attach', id], 'lost\n');
    expect(stderr).toContain(`execution ${id} takes no input`);
    expect(stdout).toContain('done\n');
  });

  /** The command line in a terminal of its own; `say` types. */
  function inTerminal(args: readonly string[]) {
    const words = ['exec', process.execPath, cli.file, ...args].join(' ');
    const child = spawn('script', ['-qefc', words, '/dev/null'], {
      env: { PATH: process.env['PATH'], HOME: server.home, SHELL: '/bin/sh', ...environment() },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let seen = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      seen += text;
    });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    return {
      exited,
      say: (text: string) => void child.stdin.write(text),
      saw: (part: string) => until(`"${part}" on the terminal, not only: ${seen}`, async () => seen.includes(part)),
      get seen() {
        return seen;
      },
    };
  }

  test('in a terminal: lines, Ctrl-D for the end', async () => {
    const id = await server.run('core.local', { cmd: `${nameCommand}; cat; echo over`, interactive: true });
    const terminal = inTerminal(['execution', 'attach', id]);
    await terminal.saw('name? ');
    terminal.say('ann\n');
    await terminal.saw('hi ann');
    terminal.say('\u0004');
    await terminal.saw('over');
    expect(await terminal.exited).toBe(0);
  });

  test('in a terminal: Ctrl-C detaches, and the execution goes on', async () => {
    const id = await server.run('core.local', { cmd: nameCommand, interactive: true });
    const terminal = inTerminal(['execution', 'attach', id]);
    await terminal.saw('name? ');
    terminal.say('\u0003');
    expect(await terminal.exited).toBe(0);
    expect(terminal.seen).toContain(`st2 execution cancel ${id}`);
    expect((await server.execution(id))['status']).toBe('running');
    await sendInput(server, id, { data: 'x\n' });
    await server.finished(id);
  });

  test('a terminal at both ends: each key goes there, Ctrl-C too; Ctrl-] detaches', async () => {
    const cmd =
      'trap "echo interrupted" INT; read -r -n 1 -p "key? " k; echo; echo "got $k"; while ! read -r l; do :; done; echo "line $l"';
    const id = await server.run('core.local', { cmd, tty: true });
    const first = inTerminal(['execution', 'attach', id]);
    await first.saw('key? ');
    first.say('y');
    await first.saw('got y');
    first.say('\u0003');
    await first.saw('interrupted');
    first.say('\u001d');
    expect(await first.exited).toBe(0);
    expect((await server.execution(id))['status']).toBe('running');
    const second = inTerminal(['execution', 'attach', id, '--lines']);
    await second.saw('got y');
    second.say('bye\n');
    await second.saw('line bye');
    expect(await second.exited).toBe(0);
    await server.finished(id);
    expect(processesOf(id)).toEqual([]);
  });
});
