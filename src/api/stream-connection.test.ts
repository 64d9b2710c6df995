/** Long-lived answers over real sockets: chunks, slowness, signs of life, and the many ways to end. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ManualClock } from '../base/clock.ts';
import { Counter } from '../base/instruments.ts';
import { chunk, StreamConnection, type StreamOptions } from './stream-connection.ts';

interface Streaming extends AsyncDisposable {
  readonly connection: StreamConnection;
  readonly port: number;
  readonly clock: ManualClock;
}

type Connect = (port: number) => void;

/** A server that answers the first request with a stream; `connectClient` makes that request. */
async function stream(connectClient: Connect, wish: Partial<StreamOptions> = {}): Promise<Streaming> {
  const clock = new ManualClock();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const arrived = once(server, 'request');
  connectClient(port);
  const [incoming, response] = (await arrived) as [IncomingMessage, ServerResponse]; // what the event carries
  const connection = new StreamConnection(incoming, response, { contentType: 'text/event-stream', clock, ...wish });
  return {
    connection,
    port,
    clock,
    async [Symbol.asyncDispose]() {
      connection.break();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client of Node's own, which undoes the chunks: resolves with what it got and how the answer ended. */
function readingClient(): {
  connect: Connect;
  text(): string;
  answer: Promise<{ response: IncomingMessage; ending: string }>;
} {
  let text = '';
  let settle: (answer: { response: IncomingMessage; ending: string }) => void = () => {};
  const answer = new Promise<{ response: IncomingMessage; ending: string }>((resolve) => {
    settle = resolve;
  });
  return {
    text: () => text,
    answer,
    connect: (port) => {
      request({ port, host: '127.0.0.1' }, (response) => {
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => settle({ response, ending: 'end' }));
        response.on('error', () => settle({ response, ending: 'broken' }));
      }).end();
    },
  };
}

/** A socket that sends a request and reads only when told to. */
function rawClient(version = '1.1'): { connect: Connect; socket(): Socket; readonly text: string } {
  let socket: Socket | undefined;
  const parts: Buffer[] = [];
  return {
    connect: (port) => {
      socket = connect(port, '127.0.0.1');
      socket.on('error', () => {}); // broken off on purpose in some tests
      socket.pause();
      socket.on('data', (part) => parts.push(part));
      socket.write(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`);
    },
    socket: () => socket ?? new Socket(),
    get text() {
      return Buffer.concat(parts).toString();
    },
  };
}

test('what is written arrives, chunk by chunk, and the end is an end', async () => {
  const client = readingClient();
  const delivered = { frames: new Counter(), bytes: new Counter() };
  await using streaming = await stream(client.connect, { delivered });
  const { connection } = streaming;
  expect(connection.isChunked).toBe(true);
  expect(connection.write('event: ✓\n\n')).toBe(true);
  connection.send(connection.frame('shared'));
  expect(connection.share(Buffer.from('✓ too'))).toBe(true);
  connection.share(Buffer.alloc(0));
  // Long texts take another way to the socket.
  const long = 'ü'.repeat(20_000);
  connection.write(long);
  connection.write('');
  connection.send(connection.frame(''));
  connection.write('last');
  connection.end();
  connection.end();
  const { response, ending } = await client.answer;
  expect(ending).toBe('end');
  expect(client.text()).toBe(`event: ✓\n\nshared✓ too${long}last`);
  // Nothing was handed over for empty texts; frames of others count with their framing.
  expect(delivered.frames.value).toBe(5);
  expect(delivered.bytes.value).toBeGreaterThanOrEqual(Buffer.byteLength(client.text()));
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'transfer-encoding': 'chunked',
  });
});

test('every write goes out by itself, before anything follows', async () => {
  const client = readingClient();
  await using streaming = await stream(client.connect);
  for (const text of ['a', 'b'.repeat(20_000), 'c']) {
    const before = client.text();
    streaming.connection.write(text);
    for (let turns = 0; client.text() !== before + text; turns++) {
      expect(turns).toBeLessThan(2_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
});

test('a client that cannot read chunks gets the bytes as they are', async () => {
  const client = rawClient('1.0');
  await using streaming = await stream(client.connect);
  const { connection } = streaming;
  expect(connection.isChunked).toBe(false);
  connection.write('one\n');
  connection.send(connection.frame('two\n'));
  connection.share(Buffer.from('three\n'));
  connection.write('x'.repeat(20_000));
  connection.end();
  client.socket().resume();
  await once(client.socket(), 'end');
  const [head = '', body] = client.text.split('\r\n\r\n');
  expect(head).not.toMatch(/transfer-encoding/i);
  expect(body).toBe(`one\ntwo\nthree\n${'x'.repeat(20_000)}`);
});

test('a client that does not read becomes slow, and is drained once it has taken everything', async () => {
  const client = rawClient();
  await using streaming = await stream(client.connect);
  const { connection } = streaming;
  const block = 'x'.repeat(64 * 1024);
  let sent = 0;
  while (connection.write(block)) {
    sent += 1;
    // The system's own buffers take some megabytes.
    expect(sent).toBeLessThan(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  let isDrained = false;
  const drained = connection.drained().then(() => {
    isDrained = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isDrained).toBe(false);
  client.socket().resume();
  await drained;
  expect(connection.send(connection.frame('more'))).toBe(true);
  await connection.drained();
  connection.end();
});

test('waiting for a slow client ends when it goes, or when the waiting is called off', async () => {
  const client = rawClient();
  await using streaming = await stream(client.connect);
  const { connection } = streaming;
  while (connection.write('x'.repeat(64 * 1024))) await new Promise((resolve) => setImmediate(resolve));
  const abort = new AbortController();
  const calledOff = connection.drained(abort.signal);
  const waiting = connection.drained();
  abort.abort();
  await calledOff;
  expect(connection.signal.aborted).toBe(false);
  client.socket().destroy();
  await waiting;
  if (!connection.signal.aborted) await once(connection.signal, 'abort');
  // What is sent to one who is gone goes nowhere and holds nobody up.
  expect(connection.write('late')).toBe(true);
  await connection.drained();
  connection.end();
});

test('a client that hung up before the answer began counts as gone', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const client = rawClient();
  const arrived = once(server, 'request');
  client.connect(port);
  const [incoming, response] = (await arrived) as [IncomingMessage, ServerResponse]; // what the event carries
  client.socket().destroy();
  await once(response, 'close');
  const clock = new ManualClock();
  const connection = new StreamConnection(incoming, response, { contentType: 'text/plain', clock, heartbeatMs: 10 });
  expect(connection.signal.aborted).toBe(true);
  expect(connection.write('late')).toBe(true);
  expect(connection.write('x'.repeat(100_000))).toBe(true);
  clock.advance(100);
  await connection.drained();
  connection.end();
  connection.break();
  await new Promise((resolve) => server.close(resolve));
});

test('a sign of life comes after so long without a byte, and only then', async () => {
  const client = readingClient();
  await using streaming = await stream(client.connect, { heartbeatMs: 1_000 });
  const { connection, clock } = streaming;
  clock.advance(999);
  connection.write('a');
  clock.advance(999);
  connection.write('b');
  clock.advance(500);
  // Nothing is no byte.
  connection.write('');
  clock.advance(499);
  clock.advance(1);
  connection.write('c');
  clock.advance(3_000);
  connection.end();
  clock.advance(10_000);
  await client.answer;
  expect(client.text()).toBe('ab\nc\n\n\n');
});

test('plain text never gains a byte', async () => {
  const client = readingClient();
  await using streaming = await stream(client.connect, { contentType: 'text/plain' });
  streaming.clock.advance(1_000_000);
  streaming.connection.write('x');
  streaming.connection.end();
  await client.answer;
  expect(client.text()).toBe('x');
});

test('breaking off is no end: the client can tell', async () => {
  const client = readingClient();
  await using streaming = await stream(client.connect);
  streaming.connection.write('half');
  for (let turns = 0; client.text() !== 'half' && turns < 2_000; turns++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  streaming.connection.break();
  expect(streaming.connection.signal.aborted).toBe(true);
  expect((await client.answer).ending).toBe('broken');
  expect(client.text()).toBe('half');
});

test('a chunk is framed by its length in bytes; nothing makes no chunk', () => {
  expect(chunk('grün').toString()).toBe('5\r\ngrün\r\n');
  expect(chunk('x'.repeat(0x1a)).toString()).toBe(`1a\r\n${'x'.repeat(26)}\r\n`);
  expect(chunk('')).toHaveLength(0);
});
