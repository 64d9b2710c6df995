/** The commands that benchmarks run. All end by themselves, whatever happens to the benchmark. */

/**
 * Prints `lines` lines at `perSecond`, each with the time of printing in microseconds of CLOCK_MONOTONIC (clock.ts),
 * written at once and unbuffered. A line is `T<time>` and `padding` more characters.
 */
export function timedPrinter(options: {
  lines: number;
  perSecond: number;
  padding?: number;
  delayMs?: number;
}): string {
  const { lines, perSecond, padding = 0, delayMs = 300 } = options;
  // A timer that is late is followed by as many lines as are due, so that the rate holds.
  const program = `
const { writeSync } = require('fs');
const pad = ' '.repeat(${padding});
let printed = 0, start;
const tick = () => {
  const due = Math.min(${lines}, Math.floor((performance.now() - start) * ${perSecond} / 1000) + 1);
  for (; printed < due; printed++) writeSync(1, 'T' + process.hrtime.bigint() / 1000n + pad + String.fromCharCode(10));
  if (printed >= ${lines}) clearInterval(timer);
};
let timer;
setTimeout(() => { start = performance.now(); timer = setInterval(tick, ${1000 / perSecond}); }, ${delayMs});`;
  return `exec '${process.execPath}' -e "${program.replaceAll('\n', ' ').replaceAll('"', '\\"').replaceAll('$', '\\$')}"`;
}

const line = 'worker-17 2026-01-01T00:00:00Z INFO request 4711 took 12 ms and answered 200 OK';
/** Of `fastLines`, with its end. */
export const fastLineBytes = line.length + 1;

/** Prints equal lines as fast as the system takes them. */
export function fastLines(count: number): string {
  return `yes '${line}' | head -n ${count}`;
}
