/** The ladder of stopping: the first SIGTERM or SIGINT asks, the second insists. */
export interface StopSignals {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
}

export function stopOnSignal(): StopSignals {
  const waiting: (() => void)[] = [];
  const first = new Promise<void>((resolve) => waiting.push(resolve));
  const second = new Promise<void>((resolve) => waiting.push(resolve));
  const next = () => {
    const resolve = waiting.shift();
    if (resolve) resolve();
    // A third one means that even stopping at once hangs.
    else process.exit(130);
  };
  process.on('SIGTERM', next);
  process.on('SIGINT', next);
  return { first, second };
}
