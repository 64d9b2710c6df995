/** An action that floods, two readers, one of whom stops reading for as long as it runs. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { residentBytes } from './server-process.ts';
import type { TestServer } from './server.ts';
import { within } from './server-wait.ts';
import { EventStream, outputEvent } from './sse.ts';

/** What the server may need above its idle size while it happens. */
const growthBytesMax = 100 * 1024 * 1024;
const withinMs = 200_000;

export async function floodWithStalledReader(server: TestServer, bytes: number): Promise<void> {
  const idle = residentBytes(server.pid);
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, residentBytes(server.pid));
  }, 25);
  try {
    // Waits for its readers: the flood would be over before they came.
    const gate = `${server.home}/flood`;
    const cmd = `until [ -e ${gate} ]; do sleep 0.02; done; yes | head -c ${bytes}`;
    const id = await server.run('core.local', { cmd, timeout: 300 });
    const headers = { 'St2-Api-Key': server.apiKey };
    const url = `${server.url}/stream/v1/executions/${id}/output?end=true`;
    const good = new Sum();
    const slow = new Sum();
    using reader = await EventStream.open(url, { headers, onFrame: (frame) => good.add(frame) });
    using stalled = await EventStream.open(url, {
      headers,
      stallAfterBytes: 50_000,
      onFrame: (frame) => slow.add(frame),
    });
    await writeFile(gate, '');
    expect(await within('the good reader has everything', withinMs, reader.closed)).toBe('end');
    good.expectAll(bytes);
    const finished = await server.finished(id, 30_000);
    expect(finished).toMatchObject({ status: 'succeeded', output: { bytes, lines: bytes / 2, lost_bytes: 0 } });
    const { stdout, cut_bytes: cut } = finished['result'];
    expect(stdout.length).toBeLessThan(4_194_304 + 200);
    expect(stdout).toContain(`[${cut.stdout} of ${bytes} bytes cut out here`);
    expect(slow.bytes).toBeLessThan(bytes);
    expect(stalled.isClosed).toBe(false);

    // It reads again: on this connection, and from its cursor on another.
    const { seq } = slow;
    const again = new Sum();
    using resumed = await EventStream.open(url, {
      headers: { ...headers, 'Last-Event-ID': String(seq) },
      onFrame: (frame) => again.add(frame),
    });
    const before = slow.bytes;
    stalled.resume();
    expect(await within('both have everything', withinMs, Promise.all([stalled.closed, resumed.closed]))).toEqual([
      'end',
      'end',
    ]);
    slow.expectAll(bytes);
    expect(again.firstSeq).toBe(seq + 1);
    expect(before + again.bytes).toBe(bytes);
    expect(again.hasEnd).toBe(true);
    expect(most - idle, `${Math.round(idle / 1048576)} MB idle, at most ${Math.round(most / 1048576)} MB`).toBeLessThan(
      growthBytesMax,
    );
  } finally {
    clearInterval(watching);
  }
}

/** Everything about a stream of `y\n` that fits into a few numbers. */
class Sum {
  bytes = 0;
  seq = 0;
  firstSeq = 0;
  hasEnd = false;
  #gaps = 0;
  readonly #hash = createHash('sha256');

  add({ event, data }: { event: string; data: string }): void {
    if (event === 'EOF') this.hasEnd = true;
    if (event !== outputEvent) return;
    const record = JSON.parse(data);
    if (this.firstSeq === 0) this.firstSeq = record.seq;
    else if (record.seq !== this.seq + 1) this.#gaps += 1;
    this.seq = record.seq;
    this.bytes += Buffer.byteLength(record.data);
    this.#hash.update(record.data);
  }

  expectAll(bytes: number): void {
    const expected = createHash('sha256');
    const piece = 'y\n'.repeat(500_000);
    for (let done = 0; done < bytes; done += piece.length) expected.update(piece.slice(0, bytes - done));
    expect({ bytes: this.bytes, gaps: this.#gaps, end: this.hasEnd, first: this.firstSeq }).toEqual({
      bytes,
      gaps: 0,
      end: true,
      first: 1,
    });
    expect(this.#hash.digest('hex')).toBe(expected.digest('hex'));
  }
}
