/** The text of one type of output for a result: whole where it is short enough, else its head and tail. */
import { incompleteTail } from '../../core/model/output-segment.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { KeptText } from '../output-store.ts';
import type { IndexReader } from './index-reader.ts';
import { OutputBytes } from './output-bytes.ts';
import type { OutputSource } from './output-source.ts';
import { readShown, shownLength, substitute } from './shown-output.ts';

/**
 * Of a text that has to be cut, this much of each end: it cannot be parsed as a value any more and is only looked at, and
 * every reader of the execution pays for it.
 */
const cutHalfMax = 256 * 1024;

/** Of the first `size` bytes of output that is shown as it was printed. Neither end of the cut splits a character. */
export async function keptText(
  { directory, type }: { readonly directory: string; readonly type: OutputType },
  size: number,
  bytesMax: number,
): Promise<KeptText> {
  const output = await OutputBytes.open(directory, type);
  const lost = Math.min(size, output?.lostBytes ?? size);
  try {
    const read = async (start: number, length: number) => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, await output?.read(buffer, start));
    };
    const { text, cutBytes } = await headAndTail(read, { start: lost, end: size }, bytesMax);
    return { text: markOf(lost) + text, cutBytes: cutBytes + lost };
  } finally {
    await output?.close();
  }
}

/** Of output in which secrets are hidden, or whose middle is cut out. */
export async function keptShownText(
  index: IndexReader,
  source: OutputSource,
  type: OutputType,
  bytesMax: number,
): Promise<KeptText> {
  const read = async (start: number, length: number) =>
    (await readShown(index, source, { type, start, bytesMax: length })).bytes;
  const end = await shownLength(index, type);
  // What was lost was lost from the beginning on.
  const head = await read(0, Math.min(end, bytesMax));
  let lost = 0;
  while (lost < head.length && head[lost] === substitute) lost += 1;
  // Of what was cut, head and tail are there; they are at least this long (kept-cap.ts).
  const isCut = index.head.cuts[type].to > 0;
  const most = isCut ? Math.min(bytesMax, 2 * cutHalfMax) : bytesMax;
  const { text, cutBytes } = await headAndTail(read, { start: lost, end }, most);
  return { text: markOf(lost) + text, cutBytes: cutBytes + lost };
}

function markOf(lostBytes: number): string {
  return lostBytes === 0 ? '' : `[${lostBytes} bytes are lost here: the action emptied the file of its output]\n`;
}

async function headAndTail(
  read: (start: number, length: number) => Promise<Buffer>,
  { start, end }: { readonly start: number; readonly end: number },
  bytesMax: number,
): Promise<KeptText> {
  const size = end - start;
  if (size <= bytesMax) return { text: (await read(start, size)).toString('utf8'), cutBytes: 0 };
  const half = Math.min(Math.floor(bytesMax / 2), cutHalfMax);
  const head = await read(start, half);
  const wholeHead = head.subarray(0, head.length - incompleteTail(head));
  const tail = await read(end - half, half);
  const skipped = tail.findIndex((byte) => (byte & 0xc0) !== 0x80);
  const wholeTail = tail.subarray(Math.max(0, skipped));
  const cutBytes = size - wholeHead.length - wholeTail.length;
  return {
    text: `${wholeHead.toString('utf8')}\n[${cutBytes} of ${size} bytes cut out here; the execution's output has them all]\n${wholeTail.toString('utf8')}`,
    cutBytes,
  };
}
