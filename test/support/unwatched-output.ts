/**
 * Opens an output log where the system grants no watches, appends to it, and prints as JSON what was heard and after how
 * long. Run with tools/run.mjs inside a namespace without watches; argument: a directory.
 */
import { appendFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { systemCode } from '../../src/base/errors.ts';
import { OutputFiles } from '../../src/store/files/output-files.ts';
import { HeardOutput } from './output-log.ts';
import { sampleId } from './sample-execution.ts';

const [directory = ''] = process.argv.slice(2);
const heard = new HeardOutput();
const writer = await new OutputFiles(directory, systemClock).open(sampleId(), heard);
const appendedUs = systemClock.nowUs();
appendFileSync(join(writer.directory, 'stdout'), 'heard\n');
await heard.until(({ text }) => text !== '');
const withinMs = (systemClock.nowUs() - appendedUs) / 1000;
process.stdout.write(JSON.stringify({ watch: watchRefusal(directory), text: heard.text, withinMs }));
await writer[Symbol.asyncDispose]();

/** The code with which the system refuses a watch here, or that it does not. */
function watchRefusal(path: string): string {
  try {
    watch(path).close();
    return 'granted';
  } catch (error) {
    return systemCode(error) ?? String(error);
  }
}
