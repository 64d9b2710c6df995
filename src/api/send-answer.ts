/** From an answer to bytes on the wire: JSON, text and bytes whole, iterables as they come, each reader at its own pace. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import { messageOf, systemCode } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Answer } from './route.ts';

export async function sendAnswer(reply: FastifyReply, answer: Answer, status: number, log: Log): Promise<void> {
  const { body, headers = {} } = answer;
  if (isIterable(body)) {
    reply.hijack();
    await sendStream(reply.raw, { status, headers, body, isHead: reply.request.method === 'HEAD' }, log);
    return;
  }
  reply.code(status).headers(headers);
  if (body === undefined) {
    await reply.send();
    return;
  }
  if (!reply.hasHeader('content-type')) reply.header('content-type', contentTypeOf(body));
  // As bytes, because to texts Fastify gives a charset of its own.
  await reply.send(
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  );
}

function contentTypeOf(body: unknown): string {
  if (typeof body === 'string') return 'text/plain; charset=utf-8';
  return body instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
}

type Chunks = AsyncIterable<string | Uint8Array>;

interface StreamedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Chunks;
  readonly isHead: boolean;
}

function isIterable(body: unknown): body is Chunks {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

async function sendStream(response: ServerResponse, answer: StreamedAnswer, log: Log): Promise<void> {
  const stream = answer.body instanceof Readable ? answer.body : Readable.from(answer.body, { objectMode: false });
  response.writeHead(answer.status, answer.headers);
  if (answer.isHead) {
    stream.destroy();
    response.end();
    return;
  }
  response.flushHeaders(); // the first byte of the body may be a long time coming
  try {
    await pipeline(stream, response);
  } catch (error) {
    // A reader who goes away is nothing to tell anybody. After anything else the cut connection says it to the reader.
    if (systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE' && !response.destroyed)
      log.error({ request: response.getHeader('X-Request-ID'), error: messageOf(error) }, 'a streamed answer failed');
    response.destroy();
  }
}
