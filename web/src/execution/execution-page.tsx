/** One execution: what was asked, how it is going, what it prints, what came of it. */
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams } from 'react-router';
import { OutputView } from '../output/output-view.tsx';
import { RequestFailed } from '../server/request.ts';
import { executionQuery } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import { useTitle } from '../shell/use-title.ts';
import { isFinal } from '../show/execution-status.ts';
import { EmptyNotice, ErrorNotice, messageOf } from '../show/notice.tsx';
import { ExecutionHeader } from './execution-header.tsx';
import classes from './execution-page.module.css';
import { ParametersPanel } from './parameters-panel.tsx';
import { RelatedPanel } from './related-panel.tsx';
import { ResultPanel } from './result-panel.tsx';
import { StatusLogPanel } from './status-log-panel.tsx';

/** The output's stream brings every change; asking now and then is for when it cannot connect. */
const pollMs = 10_000;

export default function ExecutionPage() {
  const { id = '' } = useParams();
  const {
    data: execution,
    error,
    refetch,
  } = useQuery({
    ...executionQuery(id),
    refetchInterval: (query) => (query.state.data !== undefined && isFinal(query.state.data.status) ? false : pollMs),
  });
  useTitle(execution === undefined ? 'Execution' : `${execution.status} · ${execution.action.ref}`);

  if (execution === undefined) {
    return (
      <div className="page">
        {error === null ? (
          <EmptyNotice>Loading…</EmptyNotice>
        ) : (
          <NotShown id={id} error={error} onRetry={() => void refetch()} />
        )}
      </div>
    );
  }
  // `last` means another one tomorrow; the address should say which it was.
  if (execution.id !== id) return <Navigate to={`/history/${execution.id}/general`} replace />;
  return <OneExecution execution={execution} />;
}

function OneExecution({ execution }: { readonly execution: Execution }) {
  return (
    <div className="page">
      <ExecutionHeader execution={execution} />
      <div className={classes.columns}>
        <div className={classes.main}>
          <OutputView key={execution.id} execution={execution} />
          <ResultPanel key={`${execution.id} result`} execution={execution} />
        </div>
        <div className={classes.side}>
          <ParametersPanel execution={execution} />
          <StatusLogPanel execution={execution} />
          <RelatedPanel execution={execution} />
        </div>
      </div>
    </div>
  );
}

function NotShown({
  id,
  error,
  onRetry,
}: {
  readonly id: string;
  readonly error: Error;
  readonly onRetry: () => void;
}) {
  const isUnknown = error instanceof RequestFailed && error.status === 404;
  if (isUnknown) {
    return (
      <ErrorNotice title="There is no such execution">
        Nothing is known of {id}. It may have been deleted because of its age. <Link to="/history">History</Link>
      </ErrorNotice>
    );
  }
  return (
    <ErrorNotice title="The execution could not be loaded">
      {messageOf(error)}{' '}
      <Button size="compact-xs" variant="light" onClick={onRetry}>
        Try again
      </Button>
    </ErrorNotice>
  );
}
