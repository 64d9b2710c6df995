/** A stack of things to close, in reverse order of opening. Node 20 has the symbols for this but not the standard stack. */
export class Disposals implements AsyncDisposable {
  #resources: (AsyncDisposable | Disposable)[] = [];

  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#resources.push(resource);
    return resource;
  }

  /** Hands everything over to a new stack; this one then closes nothing. */
  move(): Disposals {
    const moved = new Disposals();
    moved.#resources = this.#resources;
    this.#resources = [];
    return moved;
  }

  /** Closes everything, also where closing one thing fails; then throws the first failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let resource = this.#resources.pop(); resource; resource = this.#resources.pop()) {
      try {
        if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
        else resource[Symbol.dispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
