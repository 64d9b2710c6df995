/**
 * Following the output of an execution and of all below it: the tasks of a workflow, and theirs. Each is followed as any
 * execution is, from when it begins; children that appear later join. What has ended before is sent one after the other,
 * so that it can be read.
 */
import type { Execution } from '../core/model/execution.ts';
import { isFinal } from '../core/model/execution-status.ts';
import type { Context } from './context.ts';
import { getExecution } from './find-executions.ts';
import type { FollowOptions, OutputHub } from './output-hub.ts';
import type { TreeCursor } from './tree-cursor.ts';

/** A child, or the end of an execution, may be heard of only by asking: hints can be lost. */
const pollMs = 2_000;
/** Parents named in one question to the store. */
const parentsMax = 500;

export interface TreeFollowOptions extends Pick<FollowOptions, 'types' | 'encoding' | 'sink' | 'signal' | 'onChange'> {
  readonly cursor: TreeCursor;
  /** Told of each execution below the first one when it is over and all of it was sent. */
  readonly onEnd?: (execution: Execution) => void;
}

/** The execution and all below it, depth first, children oldest first; without results. */
export async function treeOf(context: Context, root: Execution): Promise<readonly Execution[]> {
  const below = new Map<string, Execution[]>();
  for (let level: readonly Execution[] = [root]; level.length > 0; ) {
    level = await childrenOf(context, level);
    for (const child of level) below.set(child.parent ?? '', [...(below.get(child.parent ?? '') ?? []), child]);
  }
  const inOrder = (one: Execution): readonly Execution[] => [one, ...(below.get(one.id) ?? []).flatMap(inOrder)];
  return inOrder(root);
}

async function childrenOf({ store }: Context, parents: readonly Execution[]): Promise<readonly Execution[]> {
  const found: Execution[] = [];
  for (let at = 0; at < parents.length; at += parentsMax) {
    const ids = parents.slice(at, at + parentsMax).map(({ id }) => id);
    found.push(...(await store.executions.children(ids, false)));
  }
  return found;
}

/** Answers the first execution when it and all below are over and were sent; undefined where `signal` ended it. */
export async function followTree(
  context: Context,
  hub: OutputHub,
  rootId: string,
  options: TreeFollowOptions,
): Promise<Execution | undefined> {
  using tree = new Tree(context, hub, rootId, options);
  return await tree.run();
}

interface Member {
  execution: Execution;
  state: 'waiting' | 'queued' | 'following' | 'sent';
  /** It was over before its children were asked for: no more will come. */
  isClosed: boolean;
}

class Tree implements Disposable {
  readonly #context: Context;
  readonly #hub: OutputHub;
  readonly #rootId: string;
  readonly #options: TreeFollowOptions;
  readonly #members = new Map<string, Member>();
  readonly #subscription: Disposable;
  /** What had ended before it could be followed, in order. */
  readonly #queue: Member[] = [];
  readonly #following = new Set<Promise<void>>();
  #isReplaying = false;
  readonly #stop = new AbortController();
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(context: Context, hub: OutputHub, rootId: string, options: TreeFollowOptions) {
    this.#context = context;
    this.#hub = hub;
    this.#rootId = rootId;
    this.#options = options;
    this.#subscription = context.bus.subscribe('execution.changed', ({ event, execution }) => {
      const isOurs = this.#members.has(execution.id) || this.#members.has(execution.parent ?? '');
      if (isOurs && event !== 'delete') this.#meet(execution);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  async run(): Promise<Execution | undefined> {
    const { signal } = this.#options;
    this.#meet(await getExecution(this.#context, this.#rootId));
    try {
      while (!signal.aborted && !this.#stop.signal.aborted) {
        // Asked before their children are: only what is over then has no more of them.
        const open = [...this.#members.values()].filter(({ isClosed }) => !isClosed);
        const closing = open.filter(({ execution }) => isFinal(execution.status));
        const parents = open.map(({ execution }) => execution);
        for (const child of await childrenOf(this.#context, parents)) this.#meet(child);
        for (const member of closing) member.isClosed = true;
        if (this.#isOver()) return this.#members.get(this.#rootId)?.execution;
        if (!this.#hasClosing()) await this.#somethingNew();
      }
      if (this.#failure) throw this.#failure;
      return undefined;
    } finally {
      this.#stop.abort();
      await Promise.all(this.#following);
    }
  }

  #isOver(): boolean {
    for (const { state, isClosed } of this.#members.values()) if (state !== 'sent' || !isClosed) return false;
    return true;
  }

  #hasClosing(): boolean {
    for (const { execution, isClosed } of this.#members.values())
      if (!isClosed && isFinal(execution.status)) return true;
    return false;
  }

  /** A state was read or heard, of one that is known or not. */
  #meet(execution: Execution): void {
    let member = this.#members.get(execution.id);
    if (!member) {
      member = { execution, state: 'waiting', isClosed: false };
      this.#members.set(execution.id, member);
      this.#options.cursor.add(execution.id);
    } else if (member.execution.log.length < execution.log.length) member.execution = execution;
    else return;
    if (member.state === 'waiting') this.#begin(member);
    this.#wake();
  }

  #begin(member: Member): void {
    const { status } = member.execution;
    if (status === 'requested' || status === 'delayed') return;
    if (!isFinal(status)) {
      void this.#follow(member);
      return;
    }
    member.state = 'queued';
    this.#queue.push(member);
    void this.#replay();
  }

  async #replay(): Promise<void> {
    if (this.#isReplaying) return;
    this.#isReplaying = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await this.#follow(next);
    this.#isReplaying = false;
  }

  #follow(member: Member): Promise<void> {
    member.state = 'following';
    const following = this.#send(member)
      .catch((error) => {
        this.#failure ??= error;
        this.#stop.abort();
      })
      .finally(() => {
        this.#following.delete(following);
        this.#wake();
      });
    this.#following.add(following);
    return following;
  }

  async #send(member: Member): Promise<void> {
    const { cursor, onEnd, ...options } = this.#options;
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    const { id } = member.execution;
    const afterSeq = cursor.afterSeq(id);
    if (afterSeq !== undefined && !signal.aborted) {
      const finished = await this.#hub.follow(id, { ...options, signal, afterSeq });
      if (!finished) return;
      member.execution = finished;
      cursor.finish(id);
    }
    member.state = 'sent';
    if (id !== this.#rootId) onEnd?.(member.execution);
  }

  async #somethingNew(): Promise<void> {
    const { signal } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = this.#context.clock.after(pollMs, resolve);
      const done = () => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      if (signal.aborted) done();
      else signal.addEventListener('abort', done);
    });
    this.#wake = () => {};
  }
}
