/** Every status the execution has had, and when. */
import type { Execution } from '../server/types.ts';
import { Panel } from '../show/panel.tsx';
import { StatusBadge } from '../show/status-badge.tsx';
import { clockTime, duration, fullTime } from '../show/time.ts';
import classes from './status-log-panel.module.css';

export function StatusLogPanel({ execution }: { readonly execution: Execution }) {
  const log = execution.log ?? [];
  if (log.length === 0) return null;
  return (
    <Panel title="Log">
      <ol className={classes.log}>
        {log.map((entry, index) => {
          const before = log[index - 1];
          const afterMs = before === undefined ? 0 : Date.parse(entry.timestamp) - Date.parse(before.timestamp);
          return (
            <li key={`${entry.timestamp} ${entry.status}`} className={classes.entry}>
              <StatusBadge status={entry.status} />
              <time dateTime={entry.timestamp} title={fullTime(entry.timestamp)}>
                {clockTime(entry.timestamp)}
              </time>
              <span className={classes.after}>{before !== undefined && `+${duration(afterMs / 1000)}`}</span>
              {entry.reason !== undefined && <span className={classes.reason}>{entry.reason}</span>}
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}
