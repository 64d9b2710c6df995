/**
 * The limit of this machine: how many processes it can start and reap, whoever asks. Two shells, one per processor of a
 * small machine, each start one small program after another; nothing of Node is in the way.
 */
import { spawn } from 'node:child_process';
import { nowUs, secondsSince } from './clock.ts';

const shells = 2;
/** Long enough that starting the two shells does not count. */
const startsPerShell = 1_500;

/** Processes per second. */
export async function startLimit(): Promise<number> {
  const startUs = nowUs();
  const loop = `for ((i = 0; i < ${startsPerShell}; i++)); do /bin/true; done`;
  await Promise.all(
    Array.from(
      { length: shells },
      () =>
        new Promise<void>((resolve, reject) => {
          const shell = spawn('/bin/bash', ['--norc', '-c', loop], { stdio: 'ignore' });
          shell.once('error', reject);
          shell.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a shell ended with ${code}`))));
        }),
    ),
  );
  return (shells * startsPerShell) / secondsSince(startUs);
}
