/** One HTTP request to the server: address, credentials, errors. Everything else about a request is its caller's. */
import { currentSession, expireSession } from '../session/session.ts';

/** Where the server is, from where this page came: also right behind a proxy that serves us under a path. */
export function serverUrl(path: string): string {
  return new URL(path, document.baseURI.replace(/#.*$/, '')).href;
}

/** The server answered with an error, or did not answer (`status` 0). The message can be shown. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Besides the credentials. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request with the session's token. A 401 expires the session. Throws RequestFailed, or AbortError. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const url = new URL(serverUrl(path));
  for (const [key, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(key, String(value));
  }
  const session = currentSession();
  const token = session.kind === 'active' ? session.token : undefined;
  const headers = new Headers(options.headers);
  if (token !== undefined && !headers.has('Authorization')) headers.set('X-Auth-Token', token);
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  const response = await reach(url, {
    method: options.method ?? 'GET',
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    signal: options.signal ?? null,
    // The token travels in the header only; the cookie the server offers would outlive a log-out.
    credentials: 'omit',
    cache: 'no-store',
  });
  if (response.ok) return response;
  if (response.status === 401 && token !== undefined) expireSession(token);
  throw new RequestFailed(response.status, await errorText(response));
}

/** The same, with a JSON answer. The shape is what the server publishes; it is not checked again here. */
export async function sendForJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await (await send(path, options)).json()) as T;
}

async function reach(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new RequestFailed(0, `The server at ${url.origin} cannot be reached. Is it running, and are you connected?`, {
      cause,
    });
  }
}

/** The `faultstring`, or what else there is to say about a failed answer. */
export async function errorText(response: Response): Promise<string> {
  const text = await response.text().catch(() => ''); // a body that breaks off says nothing more
  const fault = faultOf(text);
  if (fault !== undefined) return fault;
  return `The server answered ${response.status} ${response.statusText}`.trimEnd();
}

function faultOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { faultstring?: unknown } | null; // checked by the next line
    return typeof body?.faultstring === 'string' ? body.faultstring : undefined;
  } catch {
    return undefined; // not JSON: a proxy's page
  }
}
