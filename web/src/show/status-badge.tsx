/** The status of an execution: icon, colour and the word. */
import type { ExecutionStatus } from '../server/types.ts';
import { executionStatuses } from './execution-status.ts';
import { Icon } from './icon.tsx';
import classes from './status-badge.module.css';

interface StatusBadgeProps {
  readonly status: ExecutionStatus;
  /** On the page of one execution, where tests and people look for *the* status. */
  readonly isMain?: boolean;
}

export function StatusBadge({ status, isMain = false }: StatusBadgeProps) {
  const { tone, icon } = executionStatuses[status];
  return (
    <span
      className={classes.badge}
      data-tone={tone}
      data-status={status}
      {...(isMain ? { 'data-testid': 'execution-status' } : {})}
    >
      <Icon name={icon} size={14} />
      {status}
    </span>
  );
}
