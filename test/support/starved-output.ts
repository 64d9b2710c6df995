/**
 * Opens an output log where no descriptor is left, and has one that was opened before grow; prints as JSON what happened.
 * Run with tools/run.mjs under a low `ulimit -n`; argument: a directory.
 */
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { isFault, messageOf, systemCode } from '../../src/base/errors.ts';
import { OutputFiles } from '../../src/store/files/output-files.ts';
import { HeardOutput } from './output-log.ts';
import { sampleId } from './sample-execution.ts';

class StarvedOutput extends HeardOutput {
  readonly failures: unknown[] = [];
  failed(error: unknown): void {
    this.failures.push(systemCode(error));
  }
}

const [directory = ''] = process.argv.slice(2);
const store = new OutputFiles(directory, systemClock);
const heard = new StarvedOutput();
const writer = await store.open(sampleId(), heard);
const stdout = openSync(join(writer.directory, 'stdout'), 'a');
// Whatever is loaded at the first use is loaded now.
await store.open(sampleId(), heard).then((other) => other[Symbol.asyncDispose]());
const before = readdirSync('/proc/self/fd').length;

const taken = takeAllDescriptors();
writeSync(stdout, 'starved\n');
const opening = await store.open(sampleId(), heard).then(
  () => 'opened',
  (error: unknown) =>
    `${isFault(error) ? error.code : 'no fault'}: ${messageOf(error).replace(/^.*?(EMFILE.*?),.*$/, '$1')}`,
);
await new Promise((resolve) => setTimeout(resolve, 200));
const heardThen = heard.text;
for (const fd of taken) closeSync(fd);
await heard.until(({ text }) => text !== '');
// The index of the first log came to be meanwhile.
const leaked = readdirSync('/proc/self/fd').length - before - 1;
process.stdout.write(JSON.stringify({ opening, failures: heard.failures, heardThen, heardLater: heard.text, leaked }));
await writer[Symbol.asyncDispose]();

function takeAllDescriptors(): number[] {
  const fds: number[] = [];
  for (;;) {
    try {
      fds.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if (systemCode(error) === 'EMFILE') return fds;
      throw error;
    }
  }
}
