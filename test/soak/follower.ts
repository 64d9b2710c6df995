/** Follows the output of one execution to its end mark, by event stream, resuming from its cursor however often it is cut. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStream } from '../support/sse.ts';
import type { SoakServer } from './soak-server.ts';

export interface Followed {
  readonly stdout: string;
  readonly records: number;
  /** What is wrong with what was sent. */
  readonly wrong: readonly string[];
}

/** Undefined where `signal` ended it first. */
export async function follow(server: SoakServer, id: string, signal: AbortSignal): Promise<Followed | undefined> {
  let stdout = '';
  let seq = 0;
  let lastId = '';
  const wrong: string[] = [];
  while (!signal.aborted) {
    const { url, headers } = server.at(`/stream/v1/executions/${id}/output?end=true`);
    let stream: EventStream;
    try {
      stream = await EventStream.open(url, {
        headers: { ...headers, ...(lastId !== '' && { 'Last-Event-ID': lastId }) },
      });
    } catch {
      await sleep(100); // being killed or started
      continue;
    }
    using opened = stream;
    const stop = () => opened[Symbol.dispose]();
    signal.addEventListener('abort', stop, { once: true });
    await opened.closed;
    signal.removeEventListener('abort', stop);
    for (const record of opened.records) {
      if (record.seq !== seq + 1) wrong.push(`record ${record.seq} came after ${seq}`);
      seq = record.seq;
      if (record.output_type === 'stdout') stdout += record.data;
    }
    lastId = opened.lastId || lastId;
    const end = opened.events('st2.execution.output__end')[0];
    if (end === undefined) continue;
    if (opened.events('EOF').length !== 1) wrong.push('the end came without EOF');
    const { records } = JSON.parse(end.data);
    if (records !== seq) wrong.push(`the end says ${records} records, ${seq} came`);
    return { stdout, records: seq, wrong };
  }
  return undefined;
}
