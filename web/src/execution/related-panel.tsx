/** The workflow this execution is a step of, and the steps it has itself. Absent where there is neither. */
import { Link } from 'react-router';
import type { Execution } from '../server/types.ts';
import { Panel } from '../show/panel.tsx';
import classes from './related-panel.module.css';

/** More steps than this are counted only. */
const childrenShown = 30;

export function RelatedPanel({ execution }: { readonly execution: Execution }) {
  const { parent, children = [] } = execution;
  if (parent === undefined && children.length === 0) return null;
  return (
    <Panel title="Workflow">
      <ul className={classes.list}>
        {parent !== undefined && (
          <li>
            Step of <ExecutionLink id={parent} />
          </li>
        )}
        {children.slice(0, childrenShown).map((id) => (
          <li key={id}>
            Step <ExecutionLink id={id} />
          </li>
        ))}
        {children.length > childrenShown && <li>and {children.length - childrenShown} more</li>}
      </ul>
    </Panel>
  );
}

function ExecutionLink({ id }: { readonly id: string }) {
  return (
    <Link to={`/history/${id}/general`}>
      <code>{id}</code>
    </Link>
  );
}
