/** Finds what somebody probably meant to write, for "did you mean" in reports about files and configuration. */

/** The candidate nearest to `name`, or undefined where none is near enough to be a likely slip of the keyboard. */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  // A third of the letters wrong is still a slip; more than that is another word.
  let best = { name: undefined as string | undefined, distance: Math.max(1, Math.floor(name.length / 3)) + 1 }; // widened: starts empty
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < best.distance) best = { name: candidate, distance };
  }
  return best.name;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
