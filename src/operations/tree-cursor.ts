/**
 * How far a reader is in the output of an execution and all below it: the last record it got of each. As text it is what
 * clients bring back; what it is made of is nobody's business.
 *
 * With more executions than it can name it leaves out those that were sent to their end, and says that all up to some
 * id are, but for the ones it names: ids are made in order.
 */

/** Ids and numbers of so many fit into a header line. */
const namedMax = 100;

const none = '0';

export class TreeCursor {
  readonly #seqs = new Map<string, number>();
  /** Executions of which nothing is left to send. */
  readonly #done = new Set<string>();
  #doneUpTo = none;
  /** The same when this cursor was given: what is met later with a lower id is late, not done. */
  #givenUpTo = none;
  /** The text without the execution that was advanced last: records of one come in runs. */
  #others: { readonly id: string; readonly text: string } | undefined;

  /** Undefined where it is no text of a cursor. */
  static parse(text: string): TreeCursor | undefined {
    const [head = '', ...items] = text.trim().split('/');
    const doneUpTo = /^tree-([0-9a-f]{24}|0)$/.exec(head)?.[1];
    if (doneUpTo === undefined) return undefined;
    const cursor = new TreeCursor();
    cursor.#doneUpTo = doneUpTo;
    cursor.#givenUpTo = doneUpTo;
    for (const item of items) {
      const [, id, seq] = /^([0-9a-f]{24}):(\d{1,15})$/.exec(item) ?? [];
      if (id === undefined) return undefined;
      cursor.#seqs.set(id, Number(seq));
    }
    return cursor;
  }

  /** Undefined: all of it was sent. */
  afterSeq(id: string): number | undefined {
    const seq = this.#seqs.get(id);
    if (seq !== undefined) return seq;
    return this.#givenUpTo !== none && id <= this.#givenUpTo ? undefined : 0;
  }

  /** The execution is known now, and may be named. */
  add(id: string): void {
    const seq = this.afterSeq(id);
    if (seq === undefined) this.#done.add(id);
    else this.#seqs.set(id, seq);
    this.#others = undefined;
  }

  advance(id: string, seq: number): void {
    this.#seqs.set(id, seq);
  }

  /** All of it was sent. */
  finish(id: string): void {
    this.#done.add(id);
    this.#others = undefined;
    if (this.#seqs.size <= namedMax) return;
    for (const done of this.#done) {
      if (done > this.#doneUpTo || this.#doneUpTo === none) this.#doneUpTo = done;
      this.#seqs.delete(done);
    }
    this.#done.clear();
  }

  /** As of now, when the last record that was sent is of this execution. */
  textAt(id: string): string {
    if (this.#others?.id !== id) {
      let text = `tree-${this.#doneUpTo}`;
      for (const [other, seq] of this.#seqs) if (other !== id && this.#isNamed(other, seq)) text += `/${other}:${seq}`;
      this.#others = { id, text };
    }
    return `${this.#others.text}/${id}:${this.#seqs.get(id) ?? 0}`;
  }

  /** One that comes after all that are done begins at its start without being named. */
  #isNamed(id: string, seq: number): boolean {
    return seq > 0 || (this.#doneUpTo !== none && id <= this.#doneUpTo);
  }
}
