/** Takes over what an earlier process of the server has indexed. */
import type { IndexFile } from './index-file.ts';
import type { LogRedaction } from './log-redaction.ts';
import type { IndexEntry } from './output-index.ts';
import type { RawFile } from './raw-file.ts';

/**
 * Opens the raw files and lets them go on after the entries that hold, which are answered; undefined where nothing was
 * ever printed. After a power failure the last entries may be of bytes that were never written: they are cut off, so that
 * the bytes are taken in again. Throws system errors.
 */
export function resumeLog(
  index: IndexFile,
  raws: readonly RawFile[],
  redaction: LogRedaction,
): readonly IndexEntry[] | undefined {
  for (const raw of raws) {
    // The server's own output has a file once there is any; those of the process are needed for sure.
    if (raw.type === 'output') raw.openIfThere();
    else raw.open();
  }
  const found = index.read();
  if (index.head) redaction.resume(index.head.sealed);
  if (found.length === 0 && raws.every((raw) => raw.unread === 0)) {
    index.keep(0);
    return undefined;
  }
  const checked = raws.map((raw) => ({
    raw,
    state: raw.check(
      found.filter(({ type }) => type === raw.type),
      redaction.redactor,
    ),
  }));
  const missing = checked.flatMap(({ state }) => (state.kind === 'short' ? [found.indexOf(state.first)] : []));
  const entries = found.slice(0, Math.min(found.length, ...missing));
  index.keep(entries.length);
  for (const { raw, state } of checked) {
    const own = entries.filter(({ type }) => type === raw.type);
    raw.accountedBytes = own.reduce((sum, { records, lostBytes }) => sum + (records === 0 ? lostBytes : 0), 0);
    const end = own.reduce((max, { offset, length }) => Math.max(max, offset + length), 0);
    raw.resume(end, state.kind === 'emptied');
  }
  return entries;
}
