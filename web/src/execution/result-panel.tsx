/** What came of the execution, as JSON that folds. A large result is fetched when it is asked for. */
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { saveFile } from '../output/download-output.ts';
import { fetchResult } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import { CopyButton } from '../show/copy-button.tsx';
import { isFinal } from '../show/execution-status.ts';
import { JsonView } from '../show/json-view.tsx';
import { ErrorNotice, messageOf } from '../show/notice.tsx';
import { Panel } from '../show/panel.tsx';
import { bytes } from '../show/quantity.ts';
import { ToolButton } from '../show/tool-button.tsx';
import classes from './result-panel.module.css';

export function ResultPanel({ execution }: { readonly execution: Execution }) {
  const load = useMutation({ mutationFn: () => fetchResult(execution.id) });
  if (!isFinal(execution.status)) return null;
  const result = execution.result ?? load.data;
  const size = execution.result_size;
  if (result === undefined && size === undefined) return null;
  return (
    <Panel
      title="Result"
      tools={
        <>
          {size !== undefined && <span>{bytes(size)}</span>}
          {result !== undefined && (
            <>
              <CopyButton what="the result" text={() => JSON.stringify(result, null, 2)} />
              <ToolButton
                icon="download"
                label="Download the result"
                onClick={() =>
                  saveFile(
                    new Blob([JSON.stringify(result, null, 2)], { type: 'application/json' }),
                    `execution_${execution.id}_result.json`,
                  )
                }
              />
            </>
          )}
        </>
      }
    >
      <div data-testid="execution-result">
        {result === undefined ? (
          <div className={classes.large}>
            The result is large{size !== undefined && ` (${bytes(size)})`}.
            <Button size="compact-sm" variant="default" loading={load.isPending} onClick={() => load.mutate()}>
              Load it
            </Button>
          </div>
        ) : (
          <JsonView value={result} />
        )}
        {load.error !== null && (
          <ErrorNotice title="The result could not be loaded">{messageOf(load.error)}</ErrorNotice>
        )}
      </div>
    </Panel>
  );
}
