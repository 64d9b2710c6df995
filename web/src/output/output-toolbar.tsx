/** Above the output: how the connection is, what to show and how, and the search. */
import { useState } from 'react';
import type { Execution } from '../server/types.ts';
import { CopyButton } from '../show/copy-button.tsx';
import { Icon } from '../show/icon.tsx';
import { messageOf } from '../show/notice.tsx';
import { count } from '../show/quantity.ts';
import { ToolButton } from '../show/tool-button.tsx';
import { ConnectionChip } from '../stream/connection-chip.tsx';
import type { ConnectionState } from '../stream/event-connection.ts';
import { downloadOutput } from './download-output.ts';
import type { OutputFilter } from './output-rows.ts';
import { hitsMax } from './output-search.ts';
import classes from './output-toolbar.module.css';

interface OutputToolbarProps {
  readonly execution: Execution;
  readonly connection: ConnectionState;
  readonly filter: OutputFilter;
  readonly onFilter: (filter: OutputFilter) => void;
  /** Of an action that runs on several. */
  readonly hosts: readonly string[];
  /** Only its lines; undefined: those of all. */
  readonly host: string | undefined;
  readonly onHost: (host: string | undefined) => void;
  readonly isWrapped: boolean;
  readonly onWrapped: (isWrapped: boolean) => void;
  readonly hasTime: boolean;
  readonly onTime: (hasTime: boolean) => void;
  readonly isFollowing: boolean;
  readonly onFollow: () => void;
  readonly isLarge: boolean;
  readonly onLarge: (isLarge: boolean) => void;
  /** The kept lines that pass the filter. */
  readonly allText: () => string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly hits: readonly number[];
  readonly currentHit: number | undefined;
  readonly onStep: (direction: 1 | -1) => void;
}

const filters = { all: 'All', stdout: 'stdout', stderr: 'stderr' } as const satisfies Record<OutputFilter, string>;

export function OutputToolbar(props: OutputToolbarProps) {
  return (
    <div className={classes.bar}>
      <h2 className={classes.title}>Output</h2>
      <ConnectionChip state={props.connection} />
      <Search {...props} />
      {props.hosts.length > 1 && (
        <select
          className={classes.hosts}
          aria-label="Host"
          value={props.host ?? ''}
          onChange={(event) => props.onHost(event.currentTarget.value || undefined)}
        >
          <option value="">{`All ${props.hosts.length} hosts`}</option>
          {props.hosts.map((host) => (
            <option key={host} value={host}>
              {host}
            </option>
          ))}
        </select>
      )}
      <fieldset className={classes.filter} aria-label="Streams">
        {(['all', 'stdout', 'stderr'] as const).map((filter) => (
          <button
            key={filter}
            type="button"
            className={classes.choice}
            aria-pressed={props.filter === filter}
            onClick={() => props.onFilter(filter)}
          >
            {filters[filter]}
          </button>
        ))}
      </fieldset>
      <div className={classes.tools} role="toolbar" aria-label="Output tools">
        <ToolButton
          icon="down"
          text="Follow"
          label="Follow the end (f)"
          isPressed={props.isFollowing}
          data-testid="output-follow"
          onClick={props.onFollow}
        />
        <ToolButton
          icon="wrap"
          text="Wrap"
          label="Wrap long lines (w)"
          isPressed={props.isWrapped}
          onClick={() => props.onWrapped(!props.isWrapped)}
        />
        <ToolButton
          icon="clock"
          text="Times"
          label="Show times (t)"
          isPressed={props.hasTime}
          onClick={() => props.onTime(!props.hasTime)}
        />
        <CopyButton what="the shown lines" text={props.allText} />
        <Download id={props.execution.id} filter={props.filter} />
        <ToolButton
          icon={props.isLarge ? 'shrink' : 'expand'}
          label={props.isLarge ? 'Back to the page' : 'Fill the window'}
          isPressed={props.isLarge}
          onClick={() => props.onLarge(!props.isLarge)}
        />
      </div>
    </div>
  );
}

function Search({ query, onQuery, hits, currentHit, onStep }: OutputToolbarProps) {
  const current = currentHit === undefined ? 0 : hits.indexOf(currentHit) + 1;
  const total = hits.length >= hitsMax ? `${count(hitsMax)}+` : count(hits.length);
  return (
    <search className={classes.search}>
      <span className={classes.searchIcon}>
        <Icon name="search" size={14} />
      </span>
      <input
        data-search
        className={classes.input}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label="Search in the output"
        placeholder="Search"
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => onQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') {
            onQuery('');
            event.currentTarget.blur();
          } else return;
          event.preventDefault();
        }}
      />
      {query !== '' && (
        <>
          <span className={classes.hits} role="status" data-testid="search-hits">
            {hits.length === 0 ? 'none' : `${count(current)}/${total}`}
          </span>
          <button
            type="button"
            className={classes.step}
            aria-label="Previous match"
            onClick={() => onStep(-1)}
            disabled={hits.length === 0}
          >
            <Icon name="up" size={14} />
          </button>
          <button
            type="button"
            className={classes.step}
            aria-label="Next match"
            onClick={() => onStep(1)}
            disabled={hits.length === 0}
          >
            <Icon name="down" size={14} />
          </button>
        </>
      )}
    </search>
  );
}

function Download({ id, filter }: { readonly id: string; readonly filter: OutputFilter }) {
  const [state, setState] = useState<'ready' | 'busy' | string>('ready');
  const download = async () => {
    setState('busy');
    try {
      await downloadOutput(id, filter);
      setState('ready');
    } catch (error) {
      setState(messageOf(error));
    }
  };
  const what = filter === 'all' ? 'the complete output' : `all of ${filter}`;
  const label =
    state === 'ready'
      ? `Download ${what}`
      : state === 'busy'
        ? `Downloading ${what}…`
        : `Not downloaded: ${state}. Try again`;
  return (
    <ToolButton
      icon={state === 'ready' || state === 'busy' ? 'download' : 'warning'}
      label={label}
      disabled={state === 'busy'}
      onClick={() => void download()}
    />
  );
}
