/**
 * What happens to executions, all of them, live: one connection to the general stream for the whole page, open while anybody
 * listens. Events come in batches, because a busy server has thousands a second and a screen needs a few. The general stream
 * remembers nothing, so after a break listeners are told to look again for themselves.
 */
import { useEffect, useEffectEvent, useState } from 'react';
import type { Execution } from '../server/types.ts';
import { type ConnectionState, connectStream } from './event-connection.ts';

/** Rows that change more often than this cannot be read. */
const batchMs = 200;
/** Kept between two batches; newer states of the same execution replace older ones, so this many different ones. */
const batchMax = 5000;

const path =
  'stream/v1/stream?events=st2.execution__create,st2.execution__update,st2.execution__delete&exclude_attributes=result';

export type ExecutionEvent =
  /** It changed after that perhaps: of one batch, only its newest state comes. */
  | { readonly kind: 'created'; readonly execution: Execution }
  | { readonly kind: 'changed'; readonly execution: Execution }
  | { readonly kind: 'deleted'; readonly id: string };

interface Listener {
  readonly onEvents: (events: readonly ExecutionEvent[]) => void;
  /** Events may have been missed. */
  readonly onGap: () => void;
  readonly onState: (state: ConnectionState) => void;
}

const listeners = new Set<Listener>();
let disconnect: (() => void) | undefined;
let state: ConnectionState = { kind: 'connecting' };
let hadBreak = false;
const waiting = new Map<string, ExecutionEvent>();
let timer: ReturnType<typeof setTimeout> | undefined;

function listen(listener: Listener): () => void {
  listeners.add(listener);
  if (disconnect === undefined) disconnect = connect();
  listener.onState(state);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    disconnect?.();
    disconnect = undefined;
    clearTimeout(timer);
    timer = undefined;
    waiting.clear();
    hadBreak = false;
    state = { kind: 'connecting' };
  };
}

function connect(): () => void {
  return connectStream(path, {
    onFrames: (frames) => {
      for (const frame of frames) {
        if (!frame.event.startsWith('st2.execution__')) continue;
        const execution = JSON.parse(frame.data) as Execution; // what the stream publishes under this name
        waiting.set(execution.id, eventOf(frame.event, execution));
      }
      if (waiting.size > batchMax) {
        waiting.clear();
        for (const listener of listeners) listener.onGap();
      }
      timer ??= setTimeout(deliver, batchMs);
      return 'more';
    },
    onState: (next) => {
      state = next;
      if (next.kind === 'reconnecting') hadBreak = true;
      for (const listener of listeners) listener.onState(next);
      if (next.kind !== 'live' || !hadBreak) return;
      hadBreak = false;
      for (const listener of listeners) listener.onGap();
    },
  });
}

function eventOf(name: string, execution: Execution): ExecutionEvent {
  if (name === 'st2.execution__delete') return { kind: 'deleted', id: execution.id };
  const isNew = name === 'st2.execution__create' || waiting.get(execution.id)?.kind === 'created';
  return { kind: isNew ? 'created' : 'changed', execution };
}

function deliver(): void {
  timer = undefined;
  const events = [...waiting.values()];
  waiting.clear();
  if (events.length === 0) return;
  for (const listener of listeners) listener.onEvents(events);
}

/** Listens while the component is there; gives the state of the connection. */
export function useExecutionEvents(onEvents: Listener['onEvents'], onGap: Listener['onGap']): ConnectionState {
  const [connection, setConnection] = useState<ConnectionState>(state);
  const events = useEffectEvent(onEvents);
  const gap = useEffectEvent(onGap);
  useEffect(() => listen({ onEvents: (batch) => events(batch), onGap: () => gap(), onState: setConnection }), []);
  return connection;
}
