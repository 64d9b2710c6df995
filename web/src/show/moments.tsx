/** Times that keep themselves current. */
import type { Execution } from '../server/types.ts';
import { isFinal } from './execution-status.ts';
import { duration, fullTime, relativeTime, relativeTimeStepMs, runningDuration } from './time.ts';
import { useNow } from './use-now.ts';

/** `3 min ago`; the full time as tooltip and for machines. */
export function Ago({ timestamp }: { readonly timestamp: string }) {
  const now = useNow(relativeTimeStepMs(timestamp, Date.now()));
  return (
    <time dateTime={timestamp} title={fullTime(timestamp)}>
      {relativeTime(timestamp, now)}
    </time>
  );
}

/** How long an execution took, or has been going on. */
export function Elapsed({ execution }: { readonly execution: Execution }) {
  const isOver = isFinal(execution.status) || execution.end_timestamp !== undefined;
  const now = useNow(isOver ? undefined : 1000);
  if (execution.elapsed_seconds !== undefined) return <>{duration(execution.elapsed_seconds)}</>;
  const start = Date.parse(execution.start_timestamp);
  if (execution.end_timestamp !== undefined)
    return <>{duration((Date.parse(execution.end_timestamp) - start) / 1000)}</>;
  if (isOver) return <>–</>;
  return <>{runningDuration((now - start) / 1000)}</>;
}
