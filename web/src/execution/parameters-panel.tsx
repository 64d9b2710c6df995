/** What the execution was asked to do. */
import type { Execution } from '../server/types.ts';
import { CopyButton } from '../show/copy-button.tsx';
import { JsonView } from '../show/json-view.tsx';
import { Panel } from '../show/panel.tsx';
import classes from './parameters-panel.module.css';

export function ParametersPanel({ execution }: { readonly execution: Execution }) {
  const parameters = Object.entries(execution.parameters ?? {});
  if (parameters.length === 0) {
    return (
      <Panel title="Parameters">
        <span className={classes.none}>None were given.</span>
      </Panel>
    );
  }
  return (
    <Panel
      title="Parameters"
      tools={<CopyButton what="the parameters" text={() => JSON.stringify(execution.parameters, null, 2)} />}
    >
      <dl className={classes.list}>
        {parameters.map(([name, value]) => (
          <div key={name} className={classes.parameter}>
            <dt>{name}</dt>
            <dd>
              {typeof value === 'object' && value !== null ? (
                <JsonView value={value} />
              ) : (
                <pre className={classes.value}>{typeof value === 'string' ? value : JSON.stringify(value)}</pre>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
