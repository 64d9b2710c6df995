/** Input that stays open, and terminals: what a program reads, what it sees of its place, and that nothing of it is left. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { fileOf, isAlive, marked, optionsIn, planOf, untilTrue } from '../../../test/support/process-trial.ts';
import { processesOf } from '../../../test/support/server-process.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { inputPieceBytesMax, type ProcessHandle, type ProcessPlan } from '../process.ts';
import { localProcesses } from './local-processes.ts';
import { startPlainly } from './plain-start.ts';
import { readProcessStatus } from './process-status.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
const processes = localProcesses(systemClock, silentLog);
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  processes[Symbol.dispose]();
  await directory[Symbol.asyncDispose]();
});

const text = (value: string) => new TextEncoder().encode(value);
const open = { isInputOpen: true } as const;
const terminal = { isInputOpen: true, terminal: { columns: 101, rows: 33 } } as const;

async function start(command: string, wish: Partial<ProcessPlan>) {
  const options = optionsIn(directory.path);
  const plan = planOf(directory.path, command, { ...marked(options), ...wish });
  const handle = await processes.start(plan, options);
  const printed = (part: string) => untilTrue(() => fileOf(options).includes(part));
  return { options, handle, printed };
}

/** Waits for the end; nothing of the execution may be left then. */
async function ended(handle: ProcessHandle, options: ReturnType<typeof optionsIn>) {
  const end = await handle.ended;
  await untilTrue(() => processesOf(options.executionId).length === 0);
  expect(existsSync(join(options.directory, 'input'))).toBe(false);
  return end;
}

describe('input that stays open', () => {
  test('a prompt is answered', async () => {
    const { handle, options, printed } = await start('printf "name? "; read -r n; echo "hi $n"', open);
    await printed('name? ');
    expect(handle.sendInput(text('ann\n'))).toBe('taken');
    expect((await ended(handle, options)).exitCode).toBe(0);
    expect(fileOf(options)).toBe('name? hi ann\n');
    expect(handle.sendInput(text('late\n'))).toBe('ended');
    expect(handle.endInput()).toBe('ended');
  });

  test('the text of the plan comes first, to the byte, then what is sent; then the end', async () => {
    const stdin = 'a \'b\' "c" $d %s \\n ü\n';
    const { handle, options, printed } = await start('cat; echo over', { ...open, stdin });
    await printed(stdin);
    expect(handle.sendInput(text('more\n'))).toBe('taken');
    await printed('more');
    expect(handle.endInput()).toBe('taken');
    expect(handle.endInput()).toBe('ended');
    expect(handle.sendInput(text('late'))).toBe('ended');
    expect((await ended(handle, options)).exitCode).toBe(0);
    expect(fileOf(options)).toBe(`${stdin}more\nover\n`);
    expect(readFileSync(join(options.directory, 'status'), 'utf8')).not.toContain('exit 138');
  });

  test('the end of the input does not change the exit status, whatever that is', async () => {
    for (const status of [0, 3, 127, 138]) {
      const { handle, options } = await start(`cat >/dev/null; exit ${status}`, open);
      expect(handle.endInput()).toBe('taken');
      expect((await ended(handle, options)).exitCode).toBe(status);
    }
  });

  test('a signal that ends the command is still told, after the end of the input', async () => {
    const { handle, options } = await start('cat >/dev/null; kill -SEGV $$', open);
    expect(handle.endInput()).toBe('taken');
    expect((await ended(handle, options)).signal).toBe('SIGSEGV');
  });

  test('a program that does not read: full, and what was taken is taken whole', async () => {
    const { handle, options, printed } = await start('echo up; until [ -e go ]; do sleep 0.02; done; wc -c', {
      ...open,
      cwd: directory.path,
    });
    await printed('up');
    const piece = new Uint8Array(inputPieceBytesMax).fill(120);
    let taken = 0;
    while (handle.sendInput(piece) === 'taken') taken += 1;
    expect(taken).toBeGreaterThan(0);
    expect(handle.sendInput(piece)).toBe('full');
    writeFileSync(join(directory.path, 'go'), '');
    await untilTrue(() => handle.sendInput(piece) === 'taken');
    handle.endInput();
    await ended(handle, options);
    rmSync(join(directory.path, 'go'));
    expect(fileOf(options)).toBe(`up\n${(taken + 1) * inputPieceBytesMax}\n`);
  });

  test('the side input is read on descriptor 3, whatever its length', async () => {
    const sideInput = 'x'.repeat(300_000);
    const { handle, options } = await start('wc -c <&3; cat', { ...open, sideInput });
    expect(handle.sendInput(text('answer\n'))).toBe('taken');
    handle.endInput();
    await ended(handle, options);
    expect(fileOf(options)).toBe('300000\nanswer\n');
    expect(existsSync(join(options.directory, 'side'))).toBe(false);
  });

  test('without it, nothing can be sent', async () => {
    const { handle } = await start('cat', {});
    expect(handle.sendInput(text('x'))).toBe('closed');
    expect(handle.endInput()).toBe('closed');
    await handle.ended;
  });

  test('a text that is too long for it is refused before anything runs', async () => {
    const stdin = 'x'.repeat(inputPieceBytesMax + 1);
    await expect(start('touch ran', { ...open, stdin })).rejects.toThrow(
      `"stdin" may hold at most ${inputPieceBytesMax} bytes where the input stays open`,
    );
  });

  test('a machine without a bash says so', async () => {
    const options = optionsIn(directory.path);
    await expect(startPlainly(planOf(directory.path, 'cat', open), options)).rejects.toThrow(
      'interactive, tty: these need a bash',
    );
  });

  test('another server takes it over, and goes on answering', async () => {
    const { options, printed } = await start('read -r a; echo "got $a"; cat; exit 4', open);
    const adopted = processes.adopt(options);
    if (typeof adopted === 'string') throw new Error(adopted);
    expect(adopted.sendInput(text('first\n'))).toBe('taken');
    await printed('got first');
    expect(adopted.endInput()).toBe('taken');
    expect((await ended(adopted, options)).exitCode).toBe(4);
  });
});

describe('a terminal', () => {
  test('is one, of the wanted size, and what is printed there is left as it is', async () => {
    const { handle, options } = await start(
      'test -t 0 && test -t 1 && test -t 2 && echo yes; stty size; printf "a\\nb\\tc\\033[1mü\\n"; echo err >&2; exit 7',
      terminal,
    );
    expect((await ended(handle, options)).exitCode).toBe(7);
    expect(fileOf(options)).toBe('yes\n33 101\na\nb\tc\u001b[1mü\nerr\n');
    expect(fileOf(options, 'stderr')).toBe('');
  });

  test('a prompt is answered, and shown with its answer; a hidden one without', async () => {
    const { handle, options, printed } = await start(
      'read -r -p "name? " n; python3 -c "import getpass; print(len(getpass.getpass(\'password? \')))"; echo "$n"',
      terminal,
    );
    await printed('name? ');
    handle.sendInput(text('ann\n'));
    await printed('password? ');
    // It hides what is typed before it asks.
    handle.sendInput(text('secret\n'));
    await ended(handle, options);
    expect(fileOf(options)).toBe('name? ann\npassword? \n6\nann\n');
  });

  test('the end of the input is what Ctrl-D is: more can follow', async () => {
    const { handle, options, printed } = await start('cat; echo one; cat; echo two', terminal);
    handle.endInput();
    await printed('one');
    expect(handle.sendInput(text('more\n'))).toBe('taken');
    await printed('more\nmore');
    handle.endInput();
    await ended(handle, options);
    expect(fileOf(options)).toBe('one\nmore\nmore\ntwo\n');
  });

  test('programs that hold their output back without one print at once', async () => {
    const { handle, options, printed } = await start(
      "python3 -c \"print('first'); input('go? '); print('last')\"",
      terminal,
    );
    await printed('first\ngo? ');
    handle.sendInput(text('\n'));
    await ended(handle, options);
    expect(fileOf(options)).toContain('last');
  });

  test('long output arrives whole', async () => {
    const { handle, options } = await start('seq 100000', terminal);
    await ended(handle, options);
    expect(fileOf(options)).toBe(Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`).join(''));
  });

  test('the environment reaches the program unchanged, and shows in no argument', async () => {
    const environment = { PATH: process.env['PATH'] ?? '', SHELL: '/bin/other', ODD: "a'b\n$c", TOKEN: 'hidden-value' };
    const { handle, options, printed } = await start('echo "$SHELL|$ODD|$TOKEN|$ST2_ACTION_EXECUTION_ID"; read -r', {
      ...terminal,
      environment: { ...environment },
    });
    await printed("/bin/other|a'b\n$c|hidden-value|\n");
    const { pid = 0 } = readProcessStatus(options.directory);
    expect(pid).toBeGreaterThan(0);
    expect(processesWithArgument('hidden-value')).toEqual([]);
    handle.sendInput(text('\n'));
    await handle.ended;
  });

  test('TERM reaches the program, what it says then is kept, and its exit status counts', async () => {
    const { handle, options, printed } = await start(
      'trap "echo going; sleep 0.3; echo gone; exit 3" TERM; echo up; while :; do read -rt 0.05; done',
      terminal,
    );
    await printed('up');
    handle.stop('cancel', 10_000);
    expect(await ended(handle, options)).toMatchObject({ exitCode: 3, stopped: 'cancel' });
    expect(fileOf(options)).toBe('up\ngoing\ngone\n');
  });

  test('what ignores TERM is killed, with what it started and what keeps its terminal', async () => {
    const { handle, options, printed } = await start(
      'trap "" TERM HUP; setsid sleep 600 & sleep 601 & echo up; while :; do sleep 0.05; done',
      terminal,
    );
    await printed('up');
    const { pid = 0, group = 0, terminalGroup = 0 } = readProcessStatus(options.directory);
    expect(terminalGroup).toBeGreaterThan(0);
    expect(terminalGroup).not.toBe(group);
    handle.stop('timeout', 100);
    expect(await ended(handle, options)).toMatchObject({ stopped: 'timeout' });
    for (const each of [pid, group, terminalGroup]) expect(isAlive(each)).toBe(false);
  });

  test('a command that dies of a signal is known to have done so', async () => {
    const { handle, options } = await start('kill -KILL $$', terminal);
    expect((await ended(handle, options)).signal).toBe('SIGKILL');
  });

  test('a leader that is killed takes the terminal along, with what is in it', async () => {
    const { handle, options, printed } = await start('trap "" HUP TERM; sleep 600 & echo up; sleep 601', terminal);
    await printed('up');
    const { pid = 0, group = 0, terminalGroup = 0 } = readProcessStatus(options.directory);
    process.kill(pid, 'SIGKILL');
    expect(await ended(handle, options)).toMatchObject({ exitCode: undefined, signal: 'SIGKILL' });
    await untilTrue(() => ![pid, group, terminalGroup].some(isAlive));
  });

  test('a program that neither reads nor ends is stopped, however much waits for it to be read', async () => {
    const { handle, options, printed } = await start('echo up; exec yes', terminal);
    await printed('up');
    const piece = text('a line\n'.repeat(500));
    for (let at = 0; at < 200 && handle.sendInput(piece) === 'taken'; at++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    handle.stop('cancel', 300);
    expect((await ended(handle, options)).stopped).toBe('cancel');
  });

  test('another server takes it over, answers and stops it', async () => {
    const { options, printed } = await start('read -r a; echo "got $a"; while :; do sleep 0.05; done', terminal);
    const adopted = processes.adopt(options);
    if (typeof adopted === 'string') throw new Error(adopted);
    adopted.sendInput(text('first\n'));
    await printed('got first');
    adopted.stop('cancel', 5_000);
    expect((await ended(adopted, options)).stopped).toBe('cancel');
  });
});

function processesWithArgument(part: string): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(part);
    } catch {
      return false; // gone while we looked
    }
  });
}
