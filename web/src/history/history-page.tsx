/** What ran, newest first, live. The filter and the page are in the address, so they can be linked and come back. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { actionsQuery } from '../server/actions.ts';
import { historyQuery, pageSize } from '../server/executions.ts';
import { useTitle } from '../shell/use-title.ts';
import { executionStatuses, statusFromText } from '../show/execution-status.ts';
import { EmptyNotice, ErrorNotice, messageOf } from '../show/notice.tsx';
import { count } from '../show/quantity.ts';
import { ConnectionChip } from '../stream/connection-chip.tsx';
import { useExecutionEvents } from '../stream/execution-events.ts';
import { ExecutionRows } from './execution-rows.tsx';
import { filterFromAddress, filterToAddress } from './filter-address.ts';
import classes from './history-page.module.css';
import { mergeEvents } from './merge-events.ts';

export default function HistoryPage() {
  const [address, setAddress] = useSearchParams();
  const filter = filterFromAddress(address);
  const query = historyQuery(filter);
  const queryClient = useQueryClient();
  const { data, error, isPending, isPlaceholderData, refetch } = useQuery(query);
  const connection = useExecutionEvents(
    (events) => queryClient.setQueryData(query.queryKey, (page) => page && mergeEvents(page, events, filter, pageSize)),
    () => void refetch(),
  );
  useTitle('History');

  const change = (part: Partial<typeof filter>) => setAddress(filterToAddress({ ...filter, page: 1, ...part }));
  const isFiltered = filter.status !== undefined || filter.action !== undefined;
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / pageSize));
  const first = ((data?.page ?? 1) - 1) * pageSize + 1;

  return (
    <div className="page">
      <div className={classes.head}>
        <h1>History</h1>
        <ConnectionChip state={connection} />
      </div>
      <search className={classes.filters} aria-label="Filter executions">
        <NativeSelect
          aria-label="Status"
          size="xs"
          value={filter.status ?? ''}
          onChange={(event) => change({ status: statusFromText(event.currentTarget.value) })}
          data={[
            { value: '', label: 'any status' },
            ...Object.keys(executionStatuses).map((status) => ({ value: status, label: status })),
          ]}
        />
        <ActionFilter value={filter.action} onChange={(action) => change({ action })} />
        {isFiltered && (
          <Button size="compact-sm" variant="subtle" onClick={() => change({ status: undefined, action: undefined })}>
            Clear
          </Button>
        )}
      </search>
      {error !== null && (
        <div className={classes.error}>
          <ErrorNotice title="The history could not be loaded">
            {messageOf(error)}{' '}
            <Button size="compact-xs" variant="light" onClick={() => void refetch()}>
              Try again
            </Button>
          </ErrorNotice>
        </div>
      )}
      {data !== undefined && data.executions.length > 0 && (
        <ExecutionRows executions={data.executions} isOld={isPlaceholderData} />
      )}
      {data !== undefined && data.executions.length === 0 && <NothingHere isFiltered={isFiltered} page={filter.page} />}
      {isPending && error === null && <EmptyNotice>Loading…</EmptyNotice>}
      {data !== undefined && data.total > 0 && (
        <nav className={classes.paging} aria-label="Pages">
          <Button
            size="compact-sm"
            variant="default"
            disabled={filter.page <= 1}
            onClick={() => change({ page: filter.page - 1 })}
          >
            Newer
          </Button>
          <span data-testid="history-range">
            {data.executions.length > 0 && `${count(first)}–${count(first + data.executions.length - 1)} of `}
            {count(data.total)}
          </span>
          <Button
            size="compact-sm"
            variant="default"
            disabled={filter.page >= pages}
            onClick={() => change({ page: filter.page + 1 })}
          >
            Older
          </Button>
        </nav>
      )}
    </div>
  );
}

function NothingHere({ isFiltered, page }: { readonly isFiltered: boolean; readonly page: number }) {
  if (page > 1) return <EmptyNotice>There are no executions on this page.</EmptyNotice>;
  if (isFiltered) return <EmptyNotice>No execution fits this filter.</EmptyNotice>;
  return (
    <EmptyNotice>
      Nothing has run yet. Choose one of the <Link to="/actions">actions</Link>, or type{' '}
      <code>stormtail run core.local cmd=date</code>
    </EmptyNotice>
  );
}

interface ActionFilterProps {
  readonly value: string | undefined;
  readonly onChange: (action: string | undefined) => void;
}

/** An action's ref, with suggestions; applied with Enter, on leaving the field, or when a suggestion is chosen. */
function ActionFilter({ value, onChange }: ActionFilterProps) {
  const [text, setText] = useState(value ?? '');
  const [applied, setApplied] = useState(value);
  if (applied !== value) {
    // The address changed by other means (back, Clear).
    setApplied(value);
    setText(value ?? '');
  }
  const { data: actions = [] } = useQuery(actionsQuery);
  const typed = useDeferredValue(text.trim().toLowerCase());
  const suggestions = actions.filter((action) => action.ref.toLowerCase().includes(typed)).slice(0, 20);
  const apply = (action: string) => {
    if (action.trim() !== (value ?? '')) onChange(action.trim() || undefined);
  };
  return (
    <TextInput
      aria-label="Action"
      placeholder="any action"
      data-search
      size="xs"
      className={`${classes.action}`}
      list="history-actions"
      autoCapitalize="none"
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        if (actions.some((action) => action.ref === event.currentTarget.value)) apply(event.currentTarget.value);
      }}
      onBlur={() => apply(text)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply(text);
        if (event.key === 'Escape') event.currentTarget.blur();
      }}
      rightSection={
        <datalist id="history-actions">
          {suggestions.map((action) => (
            <option key={action.ref} value={action.ref} />
          ))}
        </datalist>
      }
      rightSectionWidth={0}
    />
  );
}
