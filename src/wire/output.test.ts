import { expect, test } from 'vitest';
import { sampleId } from '../../test/support/sample-execution.ts';
import { measure, type OutputSegment } from '../core/model/output-segment.ts';
import { outputLines, outputRecords } from './output.ts';

const origin = { executionId: sampleId(), actionRef: 'core.remote', runnerRef: 'remote-shell-cmd' };
const bytes = Buffer.from('one\n');
const segment: OutputSegment = {
  type: 'stdout',
  firstSeq: 1,
  timeUs: 1_700_000_000_000_000,
  lostBytes: 0,
  offset: 0,
  bytes,
  ...measure(bytes),
};

test('a record says on which host it was printed, where that is known', () => {
  expect(outputRecords(origin, [segment], 0)).toEqual([expect.not.objectContaining({ host: expect.anything() })]);
  const ofHost = { ...segment, host: 'web"1\u2028' };
  expect(outputRecords(origin, [ofHost], 0)).toEqual([
    expect.objectContaining({ host: 'web"1\u2028', data: 'one\n', output_type: 'stdout', seq: 1 }),
  ]);
  // Some clients take it for the end of a line.
  expect(outputLines(origin, [ofHost], 0)).not.toContain('\u2028');
});
