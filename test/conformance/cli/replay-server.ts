/**
 * A server that plays the services of a recorded run: request after request it gives the recorded answer, and keeps
 * what it was asked. Recorded answers of StackStorm's services are third-party data; no code of ours is imitated here.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly service: string;
  readonly port: number;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly response: RecordedResponse;
}

export interface RecordedResponse {
  readonly status: number;
  readonly content_type?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as they are, one after another, instead of a body; a piece `null` breaks the connection there. */
  readonly pieces?: readonly (string | null)[];
}

export interface SeenRequest {
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class ReplayServer {
  readonly seen: SeenRequest[] = [];
  readonly #server: Server;
  readonly #answers: readonly RecordedResponse[];

  private constructor(answers: readonly RecordedResponse[]) {
    this.#answers = answers;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(answers: readonly RecordedResponse[]): Promise<ReplayServer> {
    const replay = new ReplayServer(answers);
    await new Promise<void>((resolve) => replay.#server.listen(0, '127.0.0.1', resolve));
    return replay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // listening on TCP: never a pipe's name
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const index = this.seen.length;
    this.seen.push({
      host: request.headers.host ?? '',
      method: request.method ?? '',
      target: request.url ?? '',
      headers: Object.fromEntries(headers),
      body: Buffer.concat(chunks).toString('utf8'),
    });
    const answer = this.#answers[index];
    if (!answer) {
      response.writeHead(500).end('{"faultstring":"the recording has no further answer"}');
      return;
    }
    const type = answer.content_type ?? 'application/json';
    response.writeHead(answer.status, { 'Content-Type': type, ...answer.headers });
    if (answer.pieces) {
      response.flushHeaders();
      for (const piece of answer.pieces) {
        if (piece === null) {
          response.destroy();
          return;
        }
        await new Promise((resolve) => response.write(piece, resolve));
      }
      response.end();
    } else if (answer.status === 204 || answer.body === undefined || answer.body === null) {
      response.end();
    } else {
      response.end(type.startsWith('application/json') ? JSON.stringify(answer.body) : String(answer.body));
    }
  }
}
