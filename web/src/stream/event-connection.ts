/**
 * A connection to an event stream that heals: it reads frames, remembers the cursor, and after any break comes back by
 * itself and asks for what follows the cursor. fetch rather than EventSource, because that can send no header (so the token would
 * have to go into the address, and with it into every log), and says nothing about why it failed.
 */
import { errorText, serverUrl } from '../server/request.ts';
import { expireSession, nextSession } from '../session/session.ts';
import { backoffDelayMs } from './backoff.ts';
import { type SseFrame, SseParser } from './sse-parser.ts';

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Broken; the next try is at `retryAt` (ms since 1970). */
  | { readonly kind: 'reconnecting'; readonly attempt: number; readonly retryAt: number }
  | { readonly kind: 'ended' }
  /** The server refuses for good: unknown execution, no permission. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

export interface StreamHandlers {
  /** Frames in order, in batches. Returns 'end' when the stream is complete and must not be connected again. */
  readonly onFrames: (frames: readonly SseFrame[]) => 'more' | 'end';
  readonly onState: (state: ConnectionState) => void;
}

/** The server sends a heartbeat at least each 25 s; a connection silent for longer than two of them is dead without knowing it. */
const silenceMaxMs = 60_000;
/** Longer work at one go would make typing and scrolling stumble. */
const sliceMaxMs = 12;

/** Connects to `path` (with its query) and keeps on until the stream ends, is refused, or the returned function is called. */
export function connectStream(path: string, handlers: StreamHandlers): () => void {
  const stop = new AbortController();
  void follow(path, handlers, stop.signal).catch((error: unknown) => {
    // Only our own mistakes come here; a page that looks live but is not would be worse than saying so.
    if (!stop.signal.aborted) handlers.onState({ kind: 'refused', status: 0, message: String(error) });
  });
  return () => stop.abort();
}

async function follow(path: string, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  let cursor: string | undefined;
  let attempt = 0;
  handlers.onState({ kind: 'connecting' });
  while (!signal.aborted) {
    const session = await nextSession(signal);
    const outcome = await readOnce(
      path,
      session.token,
      cursor,
      signal,
      (frames) => {
        attempt = 0;
        cursor = frames.at(-1)?.id ?? cursor;
        return handlers.onFrames(frames);
      },
      () => handlers.onState({ kind: 'live' }),
    );
    if (signal.aborted) return;
    switch (outcome.kind) {
      case 'end':
        handlers.onState({ kind: 'ended' });
        return;
      case 'refused':
        if (outcome.status === 401) {
          expireSession(session.token);
          continue;
        }
        handlers.onState(outcome);
        return;
      case 'broken': {
        attempt += 1;
        const delayMs = backoffDelayMs(attempt, Math.random());
        handlers.onState({ kind: 'reconnecting', attempt, retryAt: Date.now() + delayMs });
        await waitForRetry(delayMs, signal);
      }
    }
  }
}

type Outcome =
  | { readonly kind: 'end' }
  | { readonly kind: 'broken' }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

async function readOnce(
  path: string,
  token: string,
  cursor: string | undefined,
  signal: AbortSignal,
  onFrames: StreamHandlers['onFrames'],
  onOpen: () => void,
): Promise<Outcome> {
  const silence = new AbortController();
  let silenceTimer = setTimeout(() => silence.abort(), silenceMaxMs);
  try {
    const response = await fetch(serverUrl(path), {
      headers: {
        Accept: 'text/event-stream',
        'X-Auth-Token': token,
        ...(cursor === undefined ? {} : { 'Last-Event-ID': cursor }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
      credentials: 'omit',
      cache: 'no-store',
    });
    if (response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429) {
      return { kind: 'refused', status: response.status, message: await errorText(response) };
    }
    if (!response.ok || response.body === null) return { kind: 'broken' };
    onOpen();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    let sliceStart = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: 'broken' };
      clearTimeout(silenceTimer);
      silenceTimer = setTimeout(() => silence.abort(), silenceMaxMs);
      const frames = parser.feed(decoder.decode(value, { stream: true }));
      if (frames.length > 0 && onFrames(frames) === 'end') {
        await reader.cancel();
        return { kind: 'end' };
      }
      // Under a flood every read is ready at once and the page would never get a turn.
      if (performance.now() - sliceStart > sliceMaxMs) {
        await nextTask();
        sliceStart = performance.now();
      }
    }
  } catch (error) {
    // fetch throws TypeError for every kind of broken network, AbortError for our own silence timer. Anything else is our bug.
    if (
      signal.aborted ||
      error instanceof TypeError ||
      (error instanceof DOMException && error.name === 'AbortError')
    ) {
      return { kind: 'broken' };
    }
    throw error;
  } finally {
    clearTimeout(silenceTimer);
  }
}

/** A macrotask: rendering and input come first. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits, but no longer than until the network is said to be back. */
function waitForRetry(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
