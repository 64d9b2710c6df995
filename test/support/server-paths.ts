/** One text, seen on every path at once: live and late, as events, as plain text, as lines of JSON. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Json, TestServer } from './server.ts';
import { within } from './server-wait.ts';
import { EventStream } from './sse.ts';

/**
 * Runs a shell command, follows it live on every path, reads it again afterwards, and expects one and the same text of
 * stdout everywhere. Answers that text and the finished execution.
 */
export async function textOnAllPaths(server: TestServer, cmd: string): Promise<{ text: string; finished: Json }> {
  const headers = { 'St2-Api-Key': server.apiKey };
  const follow = (query: string) =>
    EventStream.open(`${server.url}/stream/v1/executions/${id}/output${query}`, { headers });
  const id = await server.run('core.local', { cmd });
  using live = await follow('');
  using stdoutOnly = await follow('?output_type=stdout');
  const query = `events=st2.execution__update,st2.execution.output__create&end_event=st2.execution__update&end_execution_id=${id}`;
  using general = await EventStream.open(`${server.url}/stream/v1/stream?${query}`, { headers });
  const draft = server.request('GET', `/api/v1/executions/${id}/stdout`);
  const ends = Promise.all([live, stdoutOnly, general].map((stream) => stream.closed));
  expect(await within('the end of all streams', 60_000, ends)).toEqual(['end', 'end', 'end']);
  const text = await server.output(id, '?output_type=stdout');
  using late = await follow('?output_type=stdout');
  await within('the end', 30_000, late.closed);
  const ndjson = (await server.output(id, '?format=ndjson&output_type=stdout'))
    .split('\n')
    .filter((line) => line !== '');
  const own = general.records.filter((record) => record.execution_id === id && record.output_type === 'stdout');
  const texts = {
    'path 2, live': stdoutOnly.data,
    'path 2, late': late.data,
    'path 3': own.map((record) => record.data).join(''),
    'draft /stdout': (await draft).text,
    ndjson: ndjson.map((line) => JSON.parse(line).data).join(''),
  };
  for (const [path, found] of Object.entries(texts)) {
    // Digests, because the difference of two texts of megabytes helps nobody.
    if (text.length > 10_000) expect(digest(found), path).toBe(digest(text));
    else expect(found, path).toBe(text);
  }
  expect(live.records.map((record) => record.seq)).toEqual(live.records.map((_, at) => at + 1));
  return { text, finished: await server.finished(id) };
}

/** Stands for a text too long to be shown when it is wrong. */
export function digest(text: string): string {
  return `${text.length} ${createHash('sha256').update(text).digest('hex')}`;
}
