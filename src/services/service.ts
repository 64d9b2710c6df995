/** A loop an operator can name. `start` returns when it works; disposing drains it. */
export interface Service extends AsyncDisposable {
  readonly name: string;
  start(): Promise<void>;
  /** Stops taking new work and waits for what is under way, at most this long. */
  drain(graceMs: number): Promise<void>;
}
