/** The limit of starting one process per execution: `spawn` and nothing else, from a small process. */
import { spawn } from 'node:child_process';
import { nowUs, secondsSince } from './clock.ts';
import { endWithParent, tellParent } from './role.ts';

/** Tells its parent how many shells per second were started and reaped, `atOnce` at a time, for `seconds`. */
export async function baselineSpawn(seconds: number, atOnce: number): Promise<void> {
  endWithParent();
  const startUs = nowUs();
  let done = 0;
  const worker = async () => {
    while (secondsSince(startUs) < seconds) {
      await new Promise<void>((resolve) =>
        spawn('/bin/sh', ['-c', ':'], { stdio: 'ignore' }).once('exit', () => resolve()),
      );
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  tellParent({ perSecond: done / secondsSince(startUs) });
  process.disconnect();
}
