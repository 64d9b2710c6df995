/**
 * The instruments of the server, one record of them in the context. Each is touched where the thing happens, and read when
 * `/metrics` is asked. docs/reference/metrics.md is printed from here and from `app/metric-gauges.ts`.
 *
 * Labels have few values and name nobody: no users, no actions, no executions, nothing that somebody typed.
 */
import { counters, histograms } from '../base/instruments.ts';

/** From the time a commit takes to that of a long action. */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const longSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] as const;
const commitSeconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1] as const;
const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000] as const;

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  return {
    requested: counters(
      'stormtail_executions_requested_total',
      ['runner'],
      'Executions that were accepted, by runner.',
    ),
    refused: counters('stormtail_executions_refused_total', [], 'Requests refused because too many executions wait.'),
    ended: counters(
      'stormtail_executions_ended_total',
      ['runner', 'status'],
      'Executions that ended, by runner and final status.',
    ),
    claimSeconds: histograms(
      'stormtail_execution_claim_seconds',
      [],
      longSeconds,
      'From the request, or the time an execution was due, until it got a slot.',
    ),
    startSeconds: histograms(
      'stormtail_execution_start_seconds',
      ['runner'],
      seconds,
      'From getting a slot until the process was started, or the connection was handed the work.',
    ),
    runSeconds: histograms(
      'stormtail_execution_run_seconds',
      ['runner'],
      longSeconds,
      'From the start until the end of the process; of executions that this process started.',
    ),
    finishSeconds: histograms(
      'stormtail_execution_finish_seconds',
      [],
      seconds,
      'From the end of the process until output, result and final status were stored.',
    ),
    outputBytes: counters('stormtail_output_bytes_total', [], 'Bytes of output taken into the logs of executions.'),
    outputRecords: counters(
      'stormtail_output_records_total',
      [],
      'Records of output taken into the logs of executions.',
    ),
    outputLost: counters(
      'stormtail_executions_output_lost_total',
      [],
      'Executions that ended with a part of their output lost: the disk was full, or the files were damaged.',
    ),
    requestSeconds: histograms(
      'stormtail_http_request_seconds',
      ['method', 'route', 'status'],
      seconds,
      'From a request until its answer was sent; of a stream, until it began.',
    ),
    streamFrames: counters('stormtail_stream_frames_total', [], 'Pieces handed to the connections of readers.'),
    streamBytes: counters('stormtail_stream_bytes_total', [], 'Bytes handed to the connections of readers.'),
    readersBehind: counters(
      'stormtail_readers_behind_total',
      ['reason'],
      'Readers that left the live stream and went back to reading the log: slow (their connection was full) or flood.',
    ),
    readersDropped: counters(
      'stormtail_readers_dropped_total',
      ['reason'],
      'Readers whose connection was broken off: behind (further than is kept) or failure.',
    ),
    commits: counters('stormtail_store_commits_total', [], 'Transactions committed.'),
    commitSeconds: histograms(
      'stormtail_store_commit_seconds',
      [],
      commitSeconds,
      'From handing a batch to the database until its answer.',
    ),
    commitUnits: histograms('stormtail_store_commit_units', [], batchSizes, 'Writes that shared a transaction.'),
    busMessages: counters('stormtail_bus_messages_total', ['subject'], 'Messages published on the bus, by subject.'),
  };
}
