/**
 * Shell globs: `*`, `?`, `[abc]`, `[a-z]`, `[!abc]`; case counts. Not regular expressions, because patterns come from
 * clients and an expression made of stars takes exponential time. Pure.
 */

type Part =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'one'; readonly char: string }
  | { readonly kind: 'set'; readonly isNegated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Longer texts match nothing: the time for one match is this times the length of the pattern, at the very most. */
const textLengthMax = 1_000;

/** What the glob matches, whole texts only. A `[` without its `]` stands for itself; a range like `z-a` is empty. */
export function globMatcher(glob: string): (text: string) => boolean {
  const parts = partsOf([...glob]);
  return (text) => text.length <= textLengthMax && matches(parts, [...text]);
}

/** One pass: where a part does not fit, only the last star can help, by taking one character more. */
function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let star: number | undefined;
  let starAt = 0;
  while (at < text.length) {
    const current = parts[part];
    if (current?.kind === 'star') {
      star = part;
      starAt = at;
      part += 1;
    } else if (current && fits(current, text[at] ?? '')) {
      part += 1;
      at += 1;
    } else if (star !== undefined) {
      starAt += 1;
      at = starAt;
      part = star + 1;
    } else return false;
  }
  while (parts[part]?.kind === 'star') part += 1;
  return part === parts.length;
}

function fits(part: Exclude<Part, { kind: 'star' }>, char: string): boolean {
  switch (part.kind) {
    case 'any':
      return true;
    case 'one':
      return part.char === char;
    case 'set':
      return part.ranges.some(([from, to]) => from <= char && char <= to) !== part.isNegated;
  }
}

function partsOf(glob: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  // Where one `[` has no `]`, later ones have none either: looked for once, or many of them would take quadratic time.
  const lastClose = glob.lastIndexOf(']');
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at] ?? '';
    const open = glob[at + 1] === '!' ? at + 2 : at + 1;
    if (char === '*') {
      // Several stars in a row are one.
      if (parts.at(-1)?.kind !== 'star') parts.push({ kind: 'star' });
    } else if (char === '?') parts.push({ kind: 'any' });
    else if (char === '[' && open + 1 <= lastClose) {
      // A `]` right after the opening is a member.
      const close = glob.indexOf(']', open + 1);
      parts.push({ kind: 'set', isNegated: open === at + 2, ranges: rangesOf(glob.slice(open, close)) });
      at = close;
    } else parts.push({ kind: 'one', char });
  }
  return parts;
}

function rangesOf(members: readonly string[]): readonly (readonly [string, string])[] {
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at++) {
    const from = members[at] ?? '';
    const to = members[at + 2];
    if (members[at + 1] === '-' && to !== undefined) {
      ranges.push([from, to]);
      at += 2;
    } else ranges.push([from, from]);
  }
  return ranges;
}
