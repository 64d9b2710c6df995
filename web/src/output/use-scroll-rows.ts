/**
 * Scrolling through rows that come and go: which of them to draw, staying at the end while following, staying where one reads
 * while not. All heights are whole text lines of `lineHeightPx`, so places can be counted rather than measured; only wrapped
 * rows that are on the screen are measured, because tabs and wide characters wrap differently than counted.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { FeedState } from './output-feed.ts';
import { type OutputFilter, OutputRows } from './output-rows.ts';

/** As in output-view.module.css. */
export const lineHeightPx = 20;
/** Rows drawn beyond each edge, so that scrolling shows no blank. */
const overscan = 15;
/** This near to the end counts as being there: touch screens stop at fractions. */
const endSlackPx = 12;

export interface ScrollRows {
  readonly rows: OutputRows;
  /** The rows to draw, `end` not included. */
  readonly first: number;
  readonly end: number;
  /** Where the first drawn row stands. */
  readonly topPx: number;
  readonly totalPx: number;
  readonly isFollowing: boolean;
  /** Rows that came since following stopped. */
  readonly newRows: number;
  readonly onScroll: () => void;
  readonly follow: () => void;
  readonly release: () => void;
  /** Brings the line into the middle, and its column into sight; stops following. */
  readonly goTo: (lineNumber: number, column: number) => void;
}

interface ViewOptions {
  readonly feed: FeedState;
  readonly filter: OutputFilter;
  /** Only its lines; undefined: those of all. */
  readonly host: string | undefined;
  readonly isWrapped: boolean;
  /** The element that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** The element that holds the drawn rows, one child a row. */
  readonly drawn: RefObject<HTMLDivElement | null>;
  /** Anything else that changes how wide the text may be, like shown times. */
  readonly widthKey: unknown;
}

export function useScrollRows({ feed, filter, host, isWrapped, scroller, drawn, widthKey }: ViewOptions): ScrollRows {
  const [isFollowing, setFollowing] = useState(true);
  const [seenNumber, setSeenNumber] = useState(0);
  const [, redraw] = useState(0);
  const position = useRef({ scrollTop: 0, gonePx: 0 });
  const { columns, charPx } = useTextColumns(scroller, drawn, widthKey);

  const wrapColumns = isWrapped ? columns : undefined;
  const rows = useMemo(() => new OutputRows(filter, wrapColumns, host), [filter, wrapColumns, host]);
  // Catching up belongs to drawing: rows and places must be of the same moment. It is repeatable, as drawing has to be.
  position.current.gonePx += rows.update(feed) * lineHeightPx;

  const viewPx = scroller.current?.clientHeight ?? 600;
  const totalPx = rows.layout.total * lineHeightPx;
  const wantedTop = isFollowing ? totalPx - viewPx : (scroller.current?.scrollTop ?? 0) - position.current.gonePx;
  const firstSeen = rows.layout.rowAt(Math.max(0, wantedTop) / lineHeightPx);
  const first = Math.max(0, firstSeen - overscan);
  const end = Math.min(rows.length, rows.layout.rowAt((Math.max(0, wantedTop) + viewPx) / lineHeightPx) + 1 + overscan);
  const topPx = rows.layout.top(first) * lineHeightPx;

  const scrollTo = useCallback(
    (top: number) => {
      if (scroller.current === null) return;
      scroller.current.scrollTop = top;
      position.current.scrollTop = scroller.current.scrollTop;
    },
    [scroller],
  );

  // What one reads stays where it is, when the rows are made anew (filter, wrapping, width).
  const anchor = useRef<{ rows: OutputRows; number: number; offsetPx: number }>(undefined);
  useLayoutEffect(() => {
    const view = scroller.current;
    if (view === null) return;
    if (isFollowing) {
      position.current.gonePx = 0;
      if (view.scrollTop + view.clientHeight < view.scrollHeight - 1) scrollTo(view.scrollHeight);
    } else if (anchor.current !== undefined && anchor.current.rows !== rows) {
      position.current.gonePx = 0;
      const row = rows.rowFrom(anchor.current.number);
      scrollTo(rows.layout.top(row) * lineHeightPx + anchor.current.offsetPx);
      redraw((count) => count + 1);
    } else if (position.current.gonePx > 0) {
      const top = view.scrollTop - position.current.gonePx;
      position.current.gonePx = 0;
      scrollTo(top);
    }
    const row = rows.layout.rowAt(view.scrollTop / lineHeightPx);
    anchor.current = {
      rows,
      number: rows.at(row)?.number ?? 0,
      offsetPx: view.scrollTop - rows.layout.top(row) * lineHeightPx,
    };
  });

  // Wrapped rows as they really are. Above the edge, growth moves the text; the position moves with it.
  useLayoutEffect(() => {
    const view = scroller.current;
    if (!isWrapped || view === null || drawn.current === null) return;
    let grown = 0;
    let grownAbove = 0;
    [...drawn.current.children].forEach((element, index) => {
      if (!(element instanceof HTMLElement)) return;
      const growth = rows.layout.set(first + index, Math.max(1, Math.round(element.offsetHeight / lineHeightPx)));
      grown += Math.abs(growth);
      if (first + index < firstSeen) grownAbove += growth;
    });
    if (grown === 0) return;
    if (!isFollowing && grownAbove !== 0) scrollTo(view.scrollTop + grownAbove * lineHeightPx);
    redraw((count) => count + 1);
  });

  const follow = useCallback(() => setFollowing(true), []);
  const lastNumber = rows.at(rows.length - 1)?.number ?? 0;
  const release = useCallback(() => {
    setFollowing(false);
    setSeenNumber(lastNumber);
  }, [lastNumber]);

  const onScroll = useCallback(() => {
    const view = scroller.current;
    if (view === null) return;
    // Our own scrolling is told a frame later too, as no movement: it may not undo a release that came in between.
    const movedPx = view.scrollTop - position.current.scrollTop;
    position.current.scrollTop = view.scrollTop;
    const isAtEnd = view.scrollTop + view.clientHeight >= view.scrollHeight - endSlackPx;
    // New lines also take one away from the end; only moving up is a wish to stay.
    if (isAtEnd && movedPx !== 0) setFollowing(true);
    else if (!isAtEnd && movedPx < -1 && isFollowing) release();
    redraw((count) => count + 1);
  }, [scroller, isFollowing, release]);

  const goTo = useCallback(
    (lineNumber: number, column: number) => {
      const view = scroller.current;
      if (view === null) return;
      setFollowing(false);
      setSeenNumber(lastNumber);
      const row = rows.rowFrom(lineNumber);
      scrollTo(rows.layout.top(row) * lineHeightPx - view.clientHeight / 2 + lineHeightPx);
      if (!isWrapped) {
        const left = column * charPx;
        if (left < view.scrollLeft || left > view.scrollLeft + view.clientWidth * 0.6) {
          view.scrollLeft = Math.max(0, left - view.clientWidth * 0.3);
        }
      }
      redraw((count) => count + 1);
    },
    [scroller, rows, lastNumber, scrollTo, isWrapped, charPx],
  );

  const newRows = isFollowing ? 0 : rows.length - rows.rowFrom(seenNumber + 1);
  return { rows, first, end, topPx, totalPx, isFollowing, newRows, onScroll, follow, release, goTo };
}

/** How many characters of the monospaced font fit beside the gutter, kept current when the view changes its size. */
function useTextColumns(
  scroller: RefObject<HTMLDivElement | null>,
  drawn: RefObject<HTMLDivElement | null>,
  widthKey: unknown,
): { readonly columns: number; readonly charPx: number } {
  const [size, setSize] = useState({ columns: 100, charPx: 7.5, viewPx: 0 });
  const measure = useCallback(() => {
    const view = scroller.current;
    const probe = view?.querySelector<HTMLElement>('[data-probe]');
    if (view == null || probe == null) return;
    const charPx = probe.getBoundingClientRect().width / 100;
    const text = drawn.current?.querySelector<HTMLElement>('[data-text]');
    const textPx = text == null ? view.clientWidth - 80 : text.getBoundingClientRect().width;
    if (charPx === 0) return;
    const next = { columns: Math.max(10, Math.floor(textPx / charPx)), charPx, viewPx: view.clientHeight };
    setSize((old) =>
      old.columns === next.columns && old.charPx === charPx && old.viewPx === next.viewPx ? old : next,
    );
  }, [scroller, drawn]);
  useEffect(() => {
    const view = scroller.current;
    if (view === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(view);
    return () => observer.disconnect();
  }, [scroller, measure]);
  // The gutter grows with the numbers, and times come and go.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is not read, it says that widths have changed.
  useLayoutEffect(measure, [measure, widthKey]);
  return size;
}
