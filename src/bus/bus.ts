/**
 * The bus: hints that something changed, and live fan-out. A hint only says "look now": it may be lost, doubled or
 * late, and nothing but latency may depend on it; the truth is in the store. Every adapter passes `bus.contract.ts`.
 *
 * Handlers are called later, never inside `publish`, in the order of publishing per subject; one that throws is
 * reported and does not keep others from hearing.
 */
import type { Execution } from '../core/model/execution.ts';
import type { OutputSegment } from '../core/model/output-segment.ts';

/** Subject → message. `key` narrows a subject to one thing, so that listeners wake only for what they follow. */
export interface Messages {
  /** New work may be claimed. */
  'execution.requested': { readonly id: string };
  /** An execution was stored or changed. Key: its id. */
  'execution.changed': { readonly event: 'create' | 'update' | 'delete'; readonly execution: Execution };
  /** Somebody wants it stopped. Key: its id. */
  'execution.cancel': { readonly id: string };
  /**
   * Input for the program of an execution: a request, answered by whoever runs it with `execution.input.answered`. Where no
   * answer comes, nobody knows. Key: its id.
   */
  'execution.input': {
    readonly id: string;
    readonly request_id: string;
    readonly data: string;
    /** The input ends behind `data`. */
    readonly is_end: boolean;
  };
  /** Key: `request_id`. */
  'execution.input.answered': { readonly request_id: string; readonly reply: InputReply };
  /** Output was appended: segments as they were stored, or only how far the log reaches now. Key: execution id. */
  'output.appended': {
    readonly execution_id: string;
    readonly segments: readonly OutputSegment[];
    readonly end_seq?: number;
  };
  /** Packs were registered: what was remembered of them is out of date. */
  'content.changed': { readonly packs: readonly string[] };
  /** The announcement runner spoke. Key: route. */
  announcement: { readonly route: string; readonly payload: unknown; readonly trace_context: unknown };
}

/** `busy`: the program does not read; `no_input`: there is nothing that could. */
export type InputReply =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly code: 'busy' | 'no_input'; readonly message: string };

export type Subject = keyof Messages;

export interface Bus extends AsyncDisposable {
  publish<S extends Subject>(subject: S, message: Messages[S], key?: string): void;
  /** Without a key: everything on the subject. Disposing ends it; nothing is delivered afterwards. */
  subscribe<S extends Subject>(subject: S, handler: (message: Messages[S]) => void, key?: string): Disposable;
  /** Whether anybody here listens: spares building a message nobody hears. */
  hasListeners(subject: Subject, key?: string): boolean;
}
