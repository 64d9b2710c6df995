/** Which execution this is, how it stands, and what can be done about it. */
import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { acceptExecution, cancelExecution, rerunExecution } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import { CopyButton } from '../show/copy-button.tsx';
import { canCancel, isFinal } from '../show/execution-status.ts';
import { Icon } from '../show/icon.tsx';
import { Ago, Elapsed } from '../show/moments.tsx';
import { ErrorNotice, messageOf } from '../show/notice.tsx';
import { StatusBadge } from '../show/status-badge.tsx';
import classes from './execution-header.module.css';

export function ExecutionHeader({ execution }: { readonly execution: Execution }) {
  const { id, status, action } = execution;
  const navigate = useNavigate();
  const rerun = useMutation({
    mutationFn: () => rerunExecution(id),
    onSuccess: (next) => navigate(`/history/${next.id}/general`),
  });

  return (
    <header className={classes.header}>
      <div className={classes.top}>
        <StatusBadge status={status} isMain />
        <h1 className={classes.title}>
          <Link to={`/actions/${action.ref}`} title="The action">
            {action.ref}
          </Link>
        </h1>
        <div className={classes.buttons}>
          {!isFinal(status) && <CancelButton execution={execution} />}
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="rerun" size={14} />}
            loading={rerun.isPending}
            onClick={() => rerun.mutate()}
          >
            Re-run
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Icon name="edit" size={14} />}
            renderRoot={(props) => <Link {...props} to={`/actions/${action.ref}?from=${id}`} />}
          >
            Edit and run
          </Button>
        </div>
      </div>
      <dl className={classes.facts}>
        <Fact name="Started">
          <Ago timestamp={execution.start_timestamp} />
        </Fact>
        <Fact name={isFinal(status) ? 'Took' : 'For'}>
          <span data-testid="execution-elapsed">
            <Elapsed execution={execution} />
          </span>
        </Fact>
        {execution.context?.user !== undefined && <Fact name="By">{execution.context.user}</Fact>}
        {execution.rule?.ref !== undefined && <Fact name="Rule">{execution.rule.ref}</Fact>}
        <Fact name="Id">
          <code className={classes.id}>{id}</code>
          <CopyButton what="the id" text={() => id} />
        </Fact>
      </dl>
      {rerun.error !== null && <ErrorNotice title="It was not run again">{messageOf(rerun.error)}</ErrorNotice>}
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Ends processes, so it asks first. */
function CancelButton({ execution }: { readonly execution: Execution }) {
  const [isAsking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelExecution(execution.id),
    onSuccess: (changed) => {
      acceptExecution(queryClient, changed);
      setAsking(false);
    },
  });
  return (
    <>
      <Button
        size="compact-sm"
        variant="light"
        color="red"
        leftSection={<Icon name="stop" size={14} />}
        disabled={!canCancel(execution.status)}
        onClick={() => setAsking(true)}
      >
        {execution.status === 'canceling' ? 'Canceling' : 'Cancel'}
      </Button>
      <Modal
        // Over by itself meanwhile: nothing left to ask.
        opened={isAsking && canCancel(execution.status)}
        onClose={() => setAsking(false)}
        title="Cancel this execution?"
        size="sm"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <p className={classes.question}>
          Its processes are asked to end, and killed if they do not. What was printed so far is kept.
        </p>
        {cancel.error !== null && <ErrorNotice title="It was not canceled">{messageOf(cancel.error)}</ErrorNotice>}
        <div className={classes.answers}>
          <Button variant="default" onClick={() => setAsking(false)}>
            Let it run
          </Button>
          <Button color="red" data-autofocus loading={cancel.isPending} onClick={() => cancel.mutate()}>
            Yes, cancel it
          </Button>
        </div>
      </Modal>
    </>
  );
}
