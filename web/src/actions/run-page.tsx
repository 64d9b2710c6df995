/** One action: what it does, a form made from its parameters, and what came of its last runs. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'react-router';
import { ExecutionRows } from '../history/execution-rows.tsx';
import { actionOverviewQuery, actionQuery } from '../server/actions.ts';
import { executionQuery, historyQuery } from '../server/executions.ts';
import { RequestFailed } from '../server/request.ts';
import { useTitle } from '../shell/use-title.ts';
import { EmptyNotice, ErrorNotice, messageOf } from '../show/notice.tsx';
import { RunForm } from './run-form.tsx';
import classes from './run-page.module.css';

/** Of the last runs; the history has the rest. */
const lastRuns = 5;

export default function RunPage() {
  const { ref = '' } = useParams();
  const [address] = useSearchParams();
  const from = address.get('from');
  const overview = useQuery(actionOverviewQuery(ref));
  // Only to tell the action's own parameters from its runner's; the form does without where this is not allowed.
  const own = useQuery(actionQuery(ref));
  const earlier = useQuery({ ...executionQuery(from ?? ''), enabled: from !== null });
  const history = useQuery(historyQuery({ status: undefined, action: ref, page: 1 }));
  useTitle(ref);

  const action = overview.data;
  const isWaiting = overview.isPending || own.isPending || (from !== null && earlier.isPending);
  const error = overview.error ?? earlier.error;
  if (error !== null) {
    return (
      <div className="page">
        <ErrorNotice
          title={
            error instanceof RequestFailed && error.status === 404
              ? 'There is no such action'
              : 'The form could not be loaded'
          }
        >
          {messageOf(error)} <Link to="/actions">Actions</Link>{' '}
          <Button
            size="compact-xs"
            variant="light"
            onClick={() => void Promise.all([overview.refetch(), from !== null && earlier.refetch()])}
          >
            Try again
          </Button>
        </ErrorNotice>
      </div>
    );
  }
  if (action === undefined || isWaiting) {
    return (
      <div className="page">
        <EmptyNotice>Loading…</EmptyNotice>
      </div>
    );
  }
  const runs = history.data?.executions.filter((execution) => execution.action.ref === ref).slice(0, lastRuns) ?? [];
  return (
    <div className="page">
      <header className={classes.header}>
        <h1>{action.ref}</h1>
        <span className={classes.runner}>{action.runner_type}</span>
      </header>
      {action.description !== undefined && <p className={classes.description}>{action.description}</p>}
      {action.enabled === false && (
        <div className={classes.notice}>
          <ErrorNotice title="This action is disabled">The server will refuse to run it.</ErrorNotice>
        </div>
      )}
      <div className={classes.form}>
        <RunForm key={`${ref} ${from}`} action={action} ownParameters={own.data?.parameters} earlier={earlier.data} />
      </div>
      {runs.length > 0 && (
        <section aria-labelledby="last-runs" className={classes.runs}>
          <h2 id="last-runs">
            Last runs <Link to={`/history?action=${encodeURIComponent(ref)}`}>all</Link>
          </h2>
          <ExecutionRows executions={runs} />
        </section>
      )}
    </div>
  );
}
