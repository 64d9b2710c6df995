/** The row below the last line: why there is nothing yet, or how it ended. */
import type { Execution } from '../server/types.ts';
import { executionStatuses, isFinal } from '../show/execution-status.ts';
import { Icon } from '../show/icon.tsx';
import { bytes, counted } from '../show/quantity.ts';
import { duration } from '../show/time.ts';
import type { FeedState } from './output-feed.ts';
import classes from './output-view.module.css';

interface OutputEndRowProps {
  readonly execution: Execution;
  readonly feed: FeedState;
  readonly isEmpty: boolean;
}

export function OutputEndRow({ execution, feed, isEmpty }: OutputEndRowProps) {
  if (feed.connection.kind !== 'ended') {
    return isEmpty ? <div className={classes.waiting}>{waitingText(execution, feed)}</div> : null;
  }
  const status = feed.end?.status ?? execution.status;
  const summary = feed.end ?? execution.output;
  const exitCode = feed.end?.exit_code ?? exitCodeOf(execution.result);
  const lost = summary?.lost_bytes ?? 0;
  const { tone, icon } = executionStatuses[status];
  return (
    <div className={classes.end} data-testid="output-end" data-status={status}>
      <strong className={classes.endStatus} data-tone={tone}>
        <Icon name={icon} size={14} />
        {status}
      </strong>
      {exitCode !== undefined && <span data-testid="output-exit-code">exit code {exitCode}</span>}
      {summary !== undefined && (
        <>
          <span data-testid="output-lines">{summary.lines === 0 ? 'no output' : counted(summary.lines, 'line')}</span>
          {summary.bytes > 0 && <span data-testid="output-bytes">{bytes(summary.bytes)}</span>}
        </>
      )}
      {execution.elapsed_seconds !== undefined && <span>{duration(execution.elapsed_seconds)}</span>}
      {lost !== 0 && (
        <strong className={classes.lost} data-testid="output-lost">
          <Icon name="warning" size={14} />
          {lost < 0 ? 'some output was lost' : `${bytes(lost)} were not kept`}
        </strong>
      )}
    </div>
  );
}

function waitingText(execution: Execution, feed: FeedState): string {
  if (feed.connection.kind === 'refused') return '';
  if (feed.connection.kind === 'connecting') return 'Loading…';
  if (isFinal(execution.status)) return '';
  switch (execution.status) {
    case 'running':
      return 'Running. Nothing has been printed yet.';
    case 'pending':
      return 'Waiting for an answer.';
    case 'canceling':
      return 'Being canceled.';
    case 'paused':
    case 'pausing':
    case 'resuming':
      return 'Paused.';
    default:
      return 'Waiting to start.';
  }
}

/** Shell runners call it `return_code`, the Python runner `exit_code`. */
function exitCodeOf(result: unknown): number | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const code = 'return_code' in result ? result.return_code : 'exit_code' in result ? result.exit_code : undefined;
  return typeof code === 'number' ? code : undefined;
}
