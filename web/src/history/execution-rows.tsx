/** Executions as a list: columns on a wide screen, three short lines each on a narrow one. The whole row is the link. */
import { memo } from 'react';
import { Link } from 'react-router';
import type { Execution } from '../server/types.ts';
import { Ago, Elapsed } from '../show/moments.tsx';
import { StatusBadge } from '../show/status-badge.tsx';
import classes from './execution-rows.module.css';
import { parameterSummary } from './parameter-summary.ts';

interface ExecutionRowsProps {
  readonly executions: readonly Execution[];
  /** These belong to the last filter; the right ones are on their way. */
  readonly isOld?: boolean;
}

export function ExecutionRows({ executions, isOld = false }: ExecutionRowsProps) {
  return (
    <div className={classes.table} aria-busy={isOld}>
      <div className={classes.head} aria-hidden="true">
        <div className={classes.row}>
          <span>Status</span>
          <span>Action</span>
          <span>User</span>
          <span className={classes.end}>Elapsed</span>
          <span className={classes.end}>Started</span>
        </div>
      </div>
      <ul className={classes.list} aria-label="Executions">
        {executions.map((execution) => (
          <ExecutionRow key={execution.id} execution={execution} />
        ))}
      </ul>
    </div>
  );
}

const ExecutionRow = memo(function ExecutionRow({ execution }: { readonly execution: Execution }) {
  const parameters = parameterSummary(execution.parameters);
  return (
    <li className={classes.row} data-testid="execution-row" data-id={execution.id}>
      <span className={classes.status}>
        <StatusBadge status={execution.status} />
      </span>
      <span className={classes.action}>
        <Link to={`/history/${execution.id}/general`} className={`${classes.link}`} data-row-link>
          {execution.action.ref}
        </Link>
        {parameters !== '' && <span className={classes.parameters}>{parameters}</span>}
      </span>
      <span className={classes.user}>{execution.rule?.ref ?? execution.context?.user ?? ''}</span>
      <span className={`${classes.elapsed} ${classes.end}`}>
        <Elapsed execution={execution} />
      </span>
      <span className={`${classes.started} ${classes.end}`}>
        <Ago timestamp={execution.start_timestamp} />
      </span>
    </li>
  );
});
