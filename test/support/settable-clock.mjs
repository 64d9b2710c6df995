// Loaded into a server with `--import`: its time of day is the system's plus what the file says (milliseconds), read
// again at SIGUSR2. Everything that asks for the time of day is shifted, as if somebody had set the system's clock.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const path = process.env.TEST_CLOCK_FILE;
const read = () => Number(readFileSync(path, 'utf8'));
let shiftMs = path === undefined ? 0 : read();
const systemNow = Date.now;
Date.now = () => systemNow() + shiftMs;
if (path !== undefined && isMainThread)
  process.on('SIGUSR2', () => {
    shiftMs = read();
  });
