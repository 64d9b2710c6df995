/**
 * The complete output as a file. Fetched with the token and handed to the browser as a blob (which it keeps on disk when it is large): a
 * plain link could only carry the token in its address.
 */
import { send } from '../server/request.ts';
import type { OutputFilter } from './output-rows.ts';

export async function downloadOutput(id: string, filter: OutputFilter): Promise<void> {
  const response = await send(`api/v1/executions/${encodeURIComponent(id)}/output`, {
    query: { format: 'text', output_type: filter === 'all' ? undefined : filter },
  });
  saveFile(await response.blob(), `execution_${id}_${filter === 'all' ? 'output' : filter}.txt`);
}

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then; keeping it longer keeps the memory.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
