/**
 * The REST client: paths and values in, parsed JSON out, error statuses thrown. It knows the three services and the
 * credentials; what a command wants with the answers is the command's business (cli/commands).
 */
import type { IncomingMessage } from 'node:http';
import { Fault } from '../base/errors.ts';
import { tryParseJson } from '../base/json.ts';
import { faultstringOf, HttpStatusError } from './http-status-error.ts';
import type { Transport } from './transport.ts';

export type Service = 'api' | 'auth' | 'stream';

/** Base URL of each service without a trailing slash, e.g. `http://127.0.0.1:9101/v1`. */
export type Endpoints = Readonly<Record<Service, string>>;

/** Both are sent when both are known, as the original does. */
export interface Credentials {
  readonly token?: string;
  readonly apiKey?: string;
}

export type Query = readonly (readonly [name: string, value: string])[];

export interface Call {
  readonly service?: Service;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly value: unknown;
  readonly faultstring: string | undefined;
}

export class ApiClient {
  readonly endpoints: Endpoints;
  readonly #credentials: Credentials;
  readonly #basicAuth: string | undefined;
  readonly #transport: Transport;

  /** `basicAuth` is `user:password` for a proxy in front of the services. */
  constructor(options: { endpoints: Endpoints; credentials: Credentials; basicAuth?: string; transport: Transport }) {
    this.endpoints = options.endpoints;
    this.#credentials = options.credentials;
    this.#basicAuth = options.basicAuth;
    this.#transport = options.transport;
  }

  /**
   * One request. `value` is the parsed body (undefined for an empty one).
   * Throws HttpStatusError from 400 on, Fault `unreachable` without an answer, and Fault `invalid_input` when the
   * answer is not JSON: something else than StackStorm's API listens there.
   */
  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const answer = await this.callAny(method, path, call);
    if (answer.status >= 400) throw answer.error;
    return answer;
  }

  /** As `call`, but an error status is returned, with the error that `call` would have thrown. */
  async callAny(method: string, path: string, call: Call = {}): Promise<Answer & { readonly error: HttpStatusError }> {
    const exchange = this.#exchange(method, path, call);
    const { answer, body } = await this.#transport.send(exchange);
    const status = answer.statusCode ?? 0;
    const value = body === '' ? undefined : tryParseJson(body);
    if (status < 400 && body !== '' && value === undefined && body.trim() !== 'null')
      throw new Fault(
        'invalid_input',
        `${exchange.url} answered with something that is not JSON; is it the API's URL?`,
      );
    const error = new HttpStatusError(status, answer.statusMessage ?? '', exchange.url, body);
    return { status, headers: answer.headers, value, faultstring: faultstringOf(body), error };
  }

  async get(path: string, query: Query = []): Promise<unknown> {
    return (await this.call('GET', path, { query })).value;
  }

  /** Opens an answer whose body the caller reads as it comes. Throws as `call` does for an error status. */
  async open(path: string, call: Call): Promise<IncomingMessage> {
    const exchange = this.#exchange('GET', path, call);
    const answer = await this.#transport.open(exchange);
    const status = answer.statusCode ?? 0;
    if (status < 400) return answer;
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    throw new HttpStatusError(status, answer.statusMessage ?? '', exchange.url, Buffer.concat(chunks).toString('utf8'));
  }

  close(): void {
    this.#transport.close();
  }

  #exchange(method: string, path: string, call: Call) {
    const query = call.query?.length
      ? `?${new URLSearchParams(call.query.map(([name, value]): [string, string] => [name, value]))}`
      : '';
    return {
      method,
      url: `${this.endpoints[call.service ?? 'api']}${path}${query}`,
      headers: {
        ...(this.#basicAuth === undefined ? {} : { Authorization: basic(this.#basicAuth) }),
        ...(this.#credentials.token === undefined ? {} : { 'X-Auth-Token': this.#credentials.token }),
        ...(this.#credentials.apiKey === undefined ? {} : { 'St2-Api-Key': this.#credentials.apiKey }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
    };
  }
}

/** The value of an Authorization header for `user:password`. */
export function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword, 'utf8').toString('base64')}`;
}
