/**
 * Wraps a line as Python's `textwrap` does, which the tables' look depends on: words break after hyphens, words longer
 * than a line are cut, blanks at line ends are dropped. Widths are counted in characters.
 */

/** The lines of `text` at `width` columns (at least 1). Blank text gives no lines. */
export function wrapText(text: string, width: number): string[] {
  const chunks = split(text.replace(/[\t\n\v\f\r]/g, ' '));
  const lines: string[] = [];
  let line: string[] = [];
  let used = 0;
  const finish = () => {
    if (line.length > 0 && line.at(-1)?.trim() === '') line.pop();
    if (line.length > 0) lines.push(line.join(''));
    line = [];
    used = 0;
  };
  const queue = chunks.reverse();
  for (let chunk = queue.pop(); chunk !== undefined; chunk = queue.pop()) {
    if (line.length === 0 && lines.length > 0 && chunk.trim() === '') continue;
    const length = Array.from(chunk).length;
    if (used + length <= width) {
      line.push(chunk);
      used += length;
    } else if (length > width) {
      const { head, tail } = cut(chunk, width - used, width);
      line.push(head);
      queue.push(tail);
      finish();
    } else {
      queue.push(chunk);
      finish();
    }
  }
  finish();
  return lines;
}

/** A word longer than a whole line: its part that still fits, after a hyphen where it has one. */
function cut(chunk: string, room: number, width: number): { head: string; tail: string } {
  const characters = Array.from(chunk);
  let at = width < 1 ? 1 : room;
  if (room > 0 && characters.length > room) {
    const hyphen = characters.lastIndexOf('-', room - 1);
    if (hyphen > 0 && characters.slice(0, hyphen).some((c) => c !== '-')) at = hyphen + 1;
  }
  return { head: characters.slice(0, at).join(''), tail: characters.slice(at).join('') };
}

const wordLetter = String.raw`[\p{L}\p{N}_!"'&.,?]`;
const letter = String.raw`[^\d\P{L}]`;

/** Blanks, dashes between words, and words, which may end at a hyphen inside. */
const chunkPattern = new RegExp(
  [
    ' +',
    `(?<=${wordLetter})-{2,}(?=[\\p{L}\\p{N}_])`,
    `[^ ](?:[^ ]*?)(?:-(?:(?<=${letter}{2}-)|(?<=${letter}-${letter}-))(?=${letter}-?${letter})|(?=$| )|(?<=${wordLetter})(?=-{2,}[\\p{L}\\p{N}_]))`,
  ].join('|'),
  'gu',
);

function split(text: string): string[] {
  return text.match(chunkPattern) ?? [];
}
