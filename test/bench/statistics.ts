/** Summaries of samples. Nothing here drops an outlier: a tail that hurts is what p99 is for. */

/** Nearest rank: the smallest sample that at least `share` (0 to 1) of all samples do not exceed. NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
