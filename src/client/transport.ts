/**
 * One HTTP exchange over node:http, with keep-alive. Apart from the API client so that a stream and a plain request
 * share connections, TLS settings and the one place that turns a refused connection into a sentence.
 * node:http and not fetch: it loads in a third of the time, which a command line pays at every start.
 */
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { Fault, systemCode } from '../base/errors.ts';

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** `false`: do not verify certificates; `true`: verify with the system's authorities; text: with this bundle (PEM). */
export type Verification = boolean | { readonly bundle: string };

export interface TransportSettings {
  readonly verification: Verification;
  /** Called before each request and after each plain answer: what `--debug` prints. */
  readonly observe?: {
    request(exchange: Exchange): void;
    answer(exchange: Exchange, body: string): void;
  };
}

/**
 * Without a word for this long a plain request has failed: longer than any pause of a healthy server (a reload of
 * hundreds of packs takes seconds), short enough that a dead one is noticed.
 */
const silenceMaxMs = 120_000;

export class Transport {
  readonly #settings: TransportSettings;
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();

  constructor(settings: TransportSettings) {
    this.#settings = settings;
  }

  /**
   * Sends, and resolves when the head of the answer is there; the body is the caller's to read or destroy.
   * Throws Fault `unreachable` when no answer comes. Aborting the signal breaks the exchange at any point.
   */
  async open(exchange: Exchange): Promise<IncomingMessage> {
    this.#settings.observe?.request(exchange);
    return this.#send(exchange, true);
  }

  /** Sends and reads the whole body as text. */
  async send(exchange: Exchange): Promise<{ answer: IncomingMessage; body: string }> {
    const answer = await this.open(exchange);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk);
    } catch (error) {
      throw unreachable(exchange, error);
    }
    const body = Buffer.concat(chunks).toString('utf8');
    this.#settings.observe?.answer(exchange, body);
    return { answer, body };
  }

  /** Lets go of idle connections, so that the process can end at once. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #send(exchange: Exchange, mayRepeat: boolean): Promise<IncomingMessage> {
    const url = parseUrl(exchange.url);
    const { request, agent } = await this.#connector(url);
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method: exchange.method,
        agent,
        headers: {
          'User-Agent': `stormtail node/${process.versions.node}`,
          Accept: '*/*',
          ...exchange.headers,
          ...(exchange.body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(exchange.body)) }),
        },
        timeout: silenceMaxMs,
        ...(exchange.signal ? { signal: exchange.signal } : {}),
      });
      outgoing.on('response', (answer) => {
        // From here the reader watches the clock: a stream may be silent between its heartbeats.
        outgoing.setTimeout(0);
        resolve(answer);
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${silenceMaxMs / 1000} seconds`)));
      outgoing.on('error', (error) => {
        // The server closed an idle connection while we reached for it: nothing was processed, so ask once more.
        const stale = outgoing.reusedSocket && systemCode(error) === 'ECONNRESET' && exchange.method === 'GET';
        if (stale && mayRepeat) this.#send(exchange, false).then(resolve, reject);
        else reject(unreachable(exchange, error));
      });
      outgoing.end(exchange.body);
    });
  }

  async #connector(url: URL): Promise<{
    request: (url: URL, options: object) => ClientRequest;
    agent: HttpAgent | HttpsAgent;
  }> {
    if (url.protocol === 'http:') {
      const agent = this.#agents.get('http:') ?? new HttpAgent({ keepAlive: true });
      this.#agents.set('http:', agent);
      return { request: httpRequest, agent };
    }
    const https = await import('node:https');
    const { verification } = this.#settings;
    const agent =
      this.#agents.get('https:') ??
      new https.Agent({
        keepAlive: true,
        rejectUnauthorized: verification !== false,
        ...(typeof verification === 'object' ? { ca: verification.bundle } : {}),
      });
    this.#agents.set('https:', agent);
    return { request: https.request, agent };
  }
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  }
  throw new Fault('invalid_config', `"${text}" is not a URL that can be called: expected http://… or https://…`);
}

function unreachable(exchange: Exchange, error: unknown): Fault {
  const url = new URL(exchange.url);
  const why = explain(error);
  return new Fault('unreachable', `no answer from ${url.origin}: ${why}`, {
    cause: error,
    details: { url: exchange.url },
  });
}

function explain(error: unknown): string {
  const code = systemCode(error);
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused; is the server running? "stormtail up" starts one';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection broke';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
