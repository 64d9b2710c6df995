import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optionsIn, untilTrue } from '../../../test/support/process-trial.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { statusPath } from './process-status.ts';
import { inTerminal, pythonKeeper } from './terminal.ts';

// What `script` does is tested with whole processes (process-input.test.ts): it is there on most machines.
test('Python keeps a terminal where there is no script', async ({ skip }) => {
  const keeper = pythonKeeper();
  if (!keeper) {
    if (process.env['CI']) throw new Error('no python3 where systems keep it, and in CI this must be tested');
    process.stderr.write('SKIPPED: a terminal by Python: no python3 where systems keep it\n');
    return skip();
  }
  await using home = await temporaryDirectory();
  const { directory } = optionsIn(home.path);
  mkdirSync(directory);
  const command = `sh -c 'tty -s && stty size && printf "name? " && read -r n && echo "hi $n"; exit 7'`;
  const words = inTerminal(command, { columns: 101, rows: 33 }, directory, { ST2_ACTION_EXECUTION_ID: 'x' }, keeper);
  const child = spawn('/bin/sh', ['-c', words], { stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  const exited = new Promise((resolve) => child.once('close', resolve));
  await untilTrue(() => printed.includes('name? '));
  child.stdin.write('ann\n');
  expect(await exited).toBe(7);
  expect(printed).toBe('33 101\nname? ann\nhi ann\n');
  expect(readFileSync(statusPath(directory), 'utf8')).toMatch(/^terminal \d+$/m);
});
