/**
 * The output of an execution, live: what was printed so far and each new line as it comes, to scroll, search, filter and copy.
 * However long it is, only the rows in sight are drawn.
 */
import { useComputedColorScheme } from '@mantine/core';
import { type KeyboardEvent, useDeferredValue, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import type { Execution } from '../server/types.ts';
import { useStoredFlag } from '../shell/use-stored-flag.ts';
import { isTyping } from '../shell/use-keys.ts';
import { isFinal } from '../show/execution-status.ts';
import { Icon } from '../show/icon.tsx';
import { ErrorNotice } from '../show/notice.tsx';
import { counted } from '../show/quantity.ts';
import { InputLine } from './input-line.tsx';
import { OutputEndRow } from './output-end-row.tsx';
import { OutputRow } from './output-row.tsx';
import type { OutputFilter } from './output-rows.ts';
import { matchRanges, neighbourHit, noSearch, type SearchState, search, searchPattern } from './output-search.ts';
import { OutputToolbar } from './output-toolbar.tsx';
import classes from './output-view.module.css';
import { useOutputFeed } from './use-output-feed.ts';
import { useScrollRows } from './use-scroll-rows.ts';

/** Give it a `key` of the execution's id. */
export function OutputView({ execution }: { readonly execution: Execution }) {
  const feed = useOutputFeed(execution);
  const [filter, setFilter] = useState<OutputFilter>('all');
  const [host, setHost] = useState<string | undefined>(undefined);
  const [isWrapped, setWrapped] = useStoredFlag('output.wrap', true);
  const [hasTime, setTime] = useStoredFlag('output.time', false);
  const [isLarge, setLarge] = useState(false);
  const [query, setQuery] = useState('');
  const [currentHit, setCurrentHit] = useState<number | undefined>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  const drawn = useRef<HTMLDivElement>(null);
  const background = useComputedColorScheme('light') === 'dark' ? '#0d1014' : '#ffffff';

  const lastNumber = (feed.lines.at(-1)?.number ?? 0) + feed.numberOffset;
  const digits = Math.max(3, String(lastNumber).length);
  const view = useScrollRows({
    feed,
    filter,
    host,
    isWrapped,
    scroller,
    drawn,
    widthKey: `${digits} ${hasTime} ${isWrapped} ${feed.hosts.length > 0} ${feed.lines.length > 0}`,
  });
  const { rows, first, end, topPx, totalPx, isFollowing, newRows } = view;

  // Searching 200,000 lines takes longer than a key press; the field must not wait for it.
  const searched = useDeferredValue(query);
  const shown = `${filter} ${host ?? ''}`;
  const searchState = useRef<{ shown: string; state: SearchState }>({ shown, state: noSearch });
  const base = searchState.current.shown === shown ? searchState.current.state : noSearch;
  const found = search(base, searched, rows.all, feed.unsettledFrom);
  searchState.current = { shown, state: found };
  const pattern = useMemo(() => searchPattern(searched), [searched]);

  const step = (direction: 1 | -1) => {
    // Enter may come before the deferred search has caught up with what was typed.
    const { hits } = query === searched ? found : search(noSearch, query, rows.all, feed.unsettledFrom);
    const next = neighbourHit(hits, currentHit, direction);
    if (next === undefined) return;
    setCurrentHit(next);
    const line = rows.at(rows.rowFrom(next));
    view.goTo(next, line?.kind === 'text' ? (matchRanges(searchPattern(query), line.text)[0]?.[0] ?? 0) : 0);
  };
  const toggleFollow = () => (isFollowing ? view.release() : view.follow());

  const onPageKey = useEffectEvent((event: globalThis.KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === 'f') toggleFollow();
    else if (event.key === 'w') setWrapped(!isWrapped);
    else if (event.key === 't') setTime(!hasTime);
    else if (event.key === 'Escape' && isLarge) setLarge(false);
  });
  useEffect(() => {
    const listener = (event: globalThis.KeyboardEvent) => onPageKey(event);
    document.addEventListener('keydown', listener);
    return () => document.removeEventListener('keydown', listener);
  }, []);

  const onLogKey = (event: KeyboardEvent) => {
    if (event.key === 'End') view.follow();
    else if (event.key === 'Home' && rows.length > 0) view.goTo(0, 0);
    else return;
    event.preventDefault();
  };

  const allText = () => rows.all.map((line) => (line.kind === 'text' ? line.text : '')).join('\n');

  return (
    <section
      className={classes.panel}
      data-large={isLarge}
      aria-label="Output"
      style={{ '--digits': `${digits}ch` } as React.CSSProperties} // a custom property, which the type does not know
    >
      <OutputToolbar
        execution={execution}
        connection={feed.connection}
        filter={filter}
        onFilter={setFilter}
        hosts={feed.hosts}
        host={host}
        onHost={setHost}
        isWrapped={isWrapped}
        onWrapped={setWrapped}
        hasTime={hasTime}
        onTime={setTime}
        isFollowing={isFollowing}
        onFollow={toggleFollow}
        isLarge={isLarge}
        onLarge={setLarge}
        allText={allText}
        query={query}
        onQuery={(text) => {
          setQuery(text);
          setCurrentHit(undefined);
        }}
        hits={found.hits}
        currentHit={currentHit}
        onStep={step}
      />
      {feed.connection.kind === 'refused' && (
        <div className={classes.refused}>
          <ErrorNotice title="The output cannot be shown">{feed.connection.message}</ErrorNotice>
        </div>
      )}
      {(feed.dropped > 0 || feed.numberOffset > 0) && (
        <p className={classes.dropped} data-testid="output-dropped">
          <Icon name="warning" size={14} /> {counted(feed.dropped + feed.numberOffset, 'earlier line')} are not held by
          this page. The download has them all.
        </p>
      )}
      <div className={classes.frame}>
        <div
          ref={scroller}
          className={classes.scroller}
          role="log"
          aria-label="Lines of output"
          // A reader that is told of each of a thousand lines a second is of no use; the status is announced instead.
          aria-live="off"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
          tabIndex={0}
          onScroll={view.onScroll}
          onKeyDown={onLogKey}
          data-wrapped={isWrapped}
          data-following={isFollowing}
        >
          <span className={classes.probe} data-probe aria-hidden="true">
            {'0'.repeat(100)}
          </span>
          <div
            className={classes.space}
            style={{
              height: totalPx,
              ...(isWrapped ? {} : { minWidth: `calc(${feed.longest + 2}ch + var(--before-text))` }),
            }}
            data-time={hasTime}
            data-hosts={feed.hosts.length > 0}
          >
            <div ref={drawn} className={classes.drawn} style={{ transform: `translateY(${topPx}px)` }}>
              {rows.slice(first, end).map((line) => (
                <OutputRow
                  key={line.number}
                  line={line}
                  number={line.number + feed.numberOffset}
                  hasTime={hasTime}
                  hasHosts={feed.hosts.length > 0}
                  pattern={pattern}
                  isCurrentHit={line.number === currentHit}
                  background={background}
                />
              ))}
            </div>
          </div>
          <OutputEndRow execution={execution} feed={feed} isEmpty={feed.lines.length === 0} />
        </div>
        {!isFollowing && (newRows > 0 || !isFinal(execution.status)) && (
          <button type="button" className={classes.jump} onClick={view.follow} data-testid="output-jump">
            <Icon name="down" size={14} />
            {newRows > 0 ? counted(newRows, 'new line') : 'Follow'}
          </button>
        )}
      </div>
      <InputLine execution={execution} />
    </section>
  );
}
