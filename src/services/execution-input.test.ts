import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { localProcesses } from '../runners/local/local-processes.ts';
import type { ProcessHandle } from '../runners/process.ts';
import { fileOf, optionsIn, planOf, untilTrue } from '../../test/support/process-trial.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { ExecutionInput } from './execution-input.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const processes = localProcesses(systemClock, silentLog);
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  processes[Symbol.dispose]();
  await directory[Symbol.asyncDispose]();
});

let requests = 0;
const request = (data: string, isEnd = false) => ({ request_id: String(++requests), data, is_end: isEnd });

function begin(command: string) {
  const options = optionsIn(directory.path);
  let handle: ProcessHandle | undefined;
  const input = new ExecutionInput(options.executionId, systemClock, () => handle);
  const start = async () => {
    handle = await processes.start(planOf(directory.path, command, { isInputOpen: true }), options);
    return handle;
  };
  return { options, input, start };
}

test('what is sent at the same time arrives in order, each whole, also before the process is there', async () => {
  const { options, input, start } = begin('cat');
  const texts = Array.from({ length: 9 }, (_, at) => String(at).repeat(30_000));
  const sent = Promise.all([...texts.map((each) => input.send(request(each))), input.send(request('', true))]);
  const handle = await start();
  expect(new Set((await sent).map(({ kind }) => kind))).toEqual(new Set(['taken']));
  await handle.ended;
  expect(fileOf(options)).toBe(texts.join(''));
});

test('a request that is delivered twice is taken once', async () => {
  const { options, input, start } = begin('cat');
  const handle = await start();
  const twice = request('once\n');
  expect(await Promise.all([input.send(twice), input.send(twice)])).toEqual([{ kind: 'taken' }, { kind: 'taken' }]);
  expect(await input.send(twice)).toEqual({ kind: 'taken' });
  await input.send(request('', true));
  await handle.ended;
  expect(fileOf(options)).toBe('once\n');
});

test('only so many wait behind one that waits', async () => {
  const { input, start, options } = begin('sleep 600');
  const handle = await start();
  const long = 'x'.repeat(1_000_000);
  const first = input.send(request(long));
  const rest = Array.from({ length: 16 }, () => input.send(request('y')));
  const last = await input.send(request('z'));
  expect(last).toEqual({
    kind: 'refused',
    code: 'busy',
    message: `16 inputs wait for execution ${options.executionId} to read them already`,
  });
  handle.stop('cancel', 0);
  await untilTrue(() => handle.sendInput(new Uint8Array(1)) === 'ended');
  expect(await first).toMatchObject({
    kind: 'refused',
    code: 'no_input',
    message: expect.stringMatching(/has ended; \d+ of 1000000 bytes/),
  });
  expect((await Promise.all(rest)).every((reply) => reply.kind === 'refused')).toBe(true);
  await handle.ended;
});
