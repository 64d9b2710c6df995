/** The present for things that show how long ago or how long: one timer a component, stopped when nothing moves. */
import { useEffect, useState } from 'react';

/** Milliseconds since 1970, renewed each `stepMs`; not renewed when that is undefined. */
export function useNow(stepMs: number | undefined): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (stepMs === undefined) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), stepMs);
    return () => clearInterval(timer);
  }, [stepMs]);
  return now;
}
