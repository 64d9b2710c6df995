/** Waiting for what becomes of output files that were changed otherwise than by growth, and reading all of one. */
import type { OutputType } from '../../src/core/model/output-record.ts';
import type { OutputStore } from '../../src/store/output-store.ts';
import type { HeardOutput } from './output-log.ts';

/** The raw output of one type, a character per byte; undefined where there is none. */
export async function rawText(store: OutputStore, id: string, type: OutputType): Promise<string | undefined> {
  let text: string | undefined;
  for (;;) {
    const bytes = await store.raw(id, type, { start: text?.length ?? 0, bytesMax: 300_000 });
    if (!bytes || bytes.length === 0) return text;
    text = (text ?? '') + bytes.toString('latin1');
  }
}

export const heardAll = (text: string) => (heard: HeardOutput) => heard.text.endsWith(text);

/** Waits for the event loop to bring it about; five seconds at most. */
export async function until(isThere: () => boolean, where = () => ''): Promise<void> {
  for (const end = Date.now() + 5_000; !isThere(); ) {
    if (Date.now() > end) throw new Error(`did not come about in 5 s ${where()}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
