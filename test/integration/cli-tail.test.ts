/** `st2 execution tail` with what it asks of the server: parts, lines, hosts, and all executions of a tree. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuiltCli, buildCli, runCli, temporaryHome } from '../conformance/cli/run-cli.ts';
import { type OutputApi, type Printing, startOutputApi } from '../support/kept-output.ts';
import { until } from '../support/server-wait.ts';

let output: OutputApi;
let cli: BuiltCli;
let home: string;

beforeAll(async () => {
  [output, cli] = await Promise.all([startOutputApi(), buildCli()]);
  home = temporaryHome();
});

afterAll(async () => {
  cli.remove();
  rmSync(home, { recursive: true, force: true });
  await output[Symbol.asyncDispose]();
});

function tail(...args: readonly string[]) {
  const { url, token } = output.api;
  const environment = { ST2_API_URL: `${url}/api/v1`, ST2_STREAM_URL: `${url}/stream/v1`, ST2_AUTH_TOKEN: token };
  return runCli({ cli, args: ['execution', 'tail', ...args], environment, home });
}

const isFollowed = (readers: number) => until('the command follows', () => output.hub.readers >= readers);

function child(parent: Printing, task: string): Promise<Printing> {
  const { id } = parent.execution;
  return output.begin({
    parent: id,
    context: { user: 'ann', pack: 'core', parent: { execution_id: id }, orquesta: { task_name: task } },
  });
}

test('--tail, --since and --grep of what is over', async () => {
  const { id } = await output.printed([['stdout', 'one\ntwo\nthree Error\nfour error\n']]);
  const end = `\nExecution ${id} has completed (status=succeeded).\n`;
  expect((await tail(id, '--tail', '2')).stdout).toBe(`three Error\nfour error\n${end}`);
  expect((await tail(id, '--tail', '1', '--include-metadata')).stdout).toMatch(/^\[.*Z\]\[stdout\] four error\n\n/);
  expect((await tail(id, '--grep', 'error')).stdout).toBe(`four error\n${end}`);
  expect((await tail(id, '--grep', '^t.*e', '--regex', '--ignore-case')).stdout).toBe(`three Error\n${end}`);
  const bad = await tail(id, '--tail', '0');
  expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringContaining('--tail')]);
  expect((await tail(id, '--tail', '1', '--since', '1')).exitCode).toBe(2);
});

test('--tail and --grep of what still runs; exit code 1 where it failed', async () => {
  const printing = await output.begin();
  const { id } = printing.execution;
  printing.print(['stdout', 'old 1\nold 2\n']);
  const commands = [tail(id, '--tail', '1'), tail(id, '--grep', 'w 1')];
  await isFollowed(2);
  printing.print(['stdout', 'ne'], ['stderr', 'x w '], ['stdout', 'w 1\n'], ['stderr', '1\n'], ['stdout', 'w 2\n']);
  await printing.end('failed');
  const [last, found] = await Promise.all(commands);
  const start = `Execution ${id} has started.\n\n`;
  const end = `\nExecution ${id} has completed (status=failed).\n`;
  expect(last).toMatchObject({ exitCode: 1, stderr: '' });
  expect(last?.stdout).toMatch(/^Execution \w+ has started\.\n\nold 2\n/);
  expect(last?.stdout).not.toContain('old 1');
  expect(found?.stdout).toBe(`${start}new 1\nx w 1\n${end}`);
});

test('output of hosts has their names before each line, now and later, unless nobody wants them', async () => {
  const printing = await output.begin({ parameters: { hosts: 'web1,web2' } });
  const { id } = printing.execution;
  const live = tail(id);
  await isFollowed(1);
  printing.print(['stdout', 'a\n', 'web1'], ['stdout', 'b\n', 'web2'], ['stderr', 'c\n', 'web1']);
  await printing.end();
  const expected = '[web1] a\n[web2] b\n[web1] c\n';
  expect((await live).stdout).toContain(`has started.\n\n${expected}\nExecution`);
  expect((await tail(id)).stdout).toMatch(/^\[web1\] a\n\[web2\] b\n\[web1\] c\n\nExecution/);
  const plain = await tail(id, '--no-prefix');
  expect(plain.stdout).toMatch(/^a\nb\nc\n\nExecution/);
});

test('--recursive: the tasks of a workflow by their names, begun and ended', async () => {
  const root = await output.begin();
  const build = await child(root, 'build');
  build.print(['stdout', 'compiling\n']);
  const live = tail(root.execution.id, '--recursive');
  await isFollowed(2);
  const check = await child(root, 'check');
  await isFollowed(3);
  check.print(['stdout', 'fine\n']);
  await check.end();
  await build.end('failed');
  await root.end();
  const { stdout, exitCode } = await live;
  expect(exitCode).toBe(0);
  expect(stdout).toContain('[build] compiling\n');
  expect(stdout).toContain('[check] fine\n');
  expect(stdout).toContain(`Child execution (task=check) ${check.execution.id} has started.\n\n`);
  expect(stdout).toContain(`\nChild execution (task=build) ${build.execution.id} has finished (status=failed).\n`);
  expect(stdout.endsWith(`\nExecution ${root.execution.id} has completed (status=succeeded).\n`)).toBe(true);
  const late = await tail(root.execution.id, '--recursive', '--no-prefix');
  expect(late.stdout).toMatch(/^compiling\n|\ncompiling\n/);
  expect(late.stdout).not.toContain('[build]');
  expect((await tail(root.execution.id, '--recursive', '--no-follow')).exitCode).toBe(2);
});
