import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { leaderAlive, readProcessStatus } from './process-status.ts';

async function statusOf(text: string): Promise<ReturnType<typeof readProcessStatus>> {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'status'), text);
  return readProcessStatus(directory.path);
}

test.each([
  ['nothing yet', '', {}],
  ['half a line', 'pid', {}],
  ['it runs', 'pid 12\n', { pid: 12 }],
  ['it ended', 'pid 12\nexit 3\n', { pid: 12, exitCode: 3 }],
  ['its end is half written', 'pid 12\nexit 13', { pid: 12 }],
  [
    'a signal, as bash tells it',
    'pid 12\nrun: line 9:    13 Killed     "x"\nexit 137\n',
    { pid: 12, exitCode: 137, signal: 'SIGKILL' },
  ],
  ['the command leads a group of its own', 'pid 12\ngroup 13\n', { pid: 12, group: 13 }],
  [
    'a signal, as bash tells it of some',
    'pid 12\n[1]+  Terminated              stormtail_action\nexit 143\n',
    { pid: 12, exitCode: 143, signal: 'SIGTERM' },
  ],
  [
    'it was only stopped meanwhile',
    'pid 12\n[1]+  Stopped                 stormtail_action\nexit 143\n',
    { pid: 12, exitCode: 143 },
  ],
  [
    'a signal that an older bash keeps quiet about',
    'pid 12\nquiet\nexit 143\n',
    { pid: 12, exitCode: 143, signal: 'SIGTERM' },
  ],
  ['its programs often choose this one themselves', 'pid 12\nquiet\nexit 130\n', { pid: 12, exitCode: 130 }],
  ['a number that the program chose', 'pid 12\nexit 137\n', { pid: 12, exitCode: 137 }],
  [
    'a signal, by a shell that says nothing',
    'pid 12\nby sh\nexit 137\n',
    { pid: 12, exitCode: 137, signal: 'SIGKILL' },
  ],
  ['a command that quotes an end is none', 'pid 12\nrun: line 9: 13 Killed  "\nexit 0\n"\n', { pid: 12 }],
  [
    'nor is it the end when the real one follows',
    'pid 12\nrun: line 9: 13 Killed "\nexit 0\n"\nexit 137\n',
    { pid: 12, exitCode: 137, signal: 'SIGKILL' },
  ],
])('%s', async (_name, text, wanted) => {
  const { writtenUs, ...status } = await statusOf(text);
  expect(status).toEqual(wanted);
  expect(writtenUs !== undefined).toBe('exitCode' in wanted);
});

test('without a status file nothing is known, and nobody leads', async () => {
  await using directory = await temporaryDirectory();
  expect(readProcessStatus(join(directory.path, 'none'))).toEqual({});
  await mkdir(join(directory.path, 'some'));
  expect(leaderAlive(process.pid, join(directory.path, 'some'))).toBe(false);
});
