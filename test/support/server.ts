/**
 * The real server as a child process, on a home of its own and a free port: started, asked over HTTP, killed, started
 * again on the same home. Taking it down leaves nothing: no server, no action, no file.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { processesWith, signalQuietly } from './server-process.ts';
import { until, within } from './server-wait.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const root = join(import.meta.dirname, '../..');

/** Does nothing where dist/ is up to date. */
const built = promisify(execFile)(process.execPath, ['tools/build.mjs', 'server', 'store-worker'], { cwd: root });

export interface ServerWish {
  /** A directory to use instead of a fresh one; it is not removed. */
  readonly home?: string;
  /** Text of stormtail.conf. */
  readonly config?: string;
  /** Files below the home directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly mayHavePackProblems?: boolean;
  /** User and group to run as; only root can. */
  readonly uid?: number;
}

export interface Json {
  // biome-ignore lint/suspicious/noExplicitAny: answers of the API, whose form the tests state by what they expect
  readonly [key: string]: any; // tests state the form by what they expect
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TestServer extends AsyncDisposable {
  readonly home: string;
  readonly pid: number;
  readonly url: string;
  readonly apiKey: string;
  readonly stdout: string;
  readonly stderr: string;
  /** With a good API key, unless `headers` are given. */
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Requests an execution; the id. Throws where it is not accepted. */
  run(action: string, parameters?: object, more?: object): Promise<string>;
  execution(id: string): Promise<Json>;
  /** The execution once it is completed. */
  finished(id: string, withinMs?: number): Promise<Json>;
  /** The execution once it has this status. */
  reached(id: string, status: string, withinMs?: number): Promise<Json>;
  /** Path 1: text of the output so far. */
  output(id: string, query?: string): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<Exit>;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
  /** Another server on the same home. This one has to be gone. */
  again(env?: Readonly<Record<string, string>>): Promise<TestServer>;
}

export async function startServer(wish: ServerWish = {}): Promise<TestServer> {
  const directory = wish.home === undefined ? await temporaryDirectory() : undefined;
  const home = wish.home ?? directory?.path ?? '';
  const servers: ChildProcess[] = [];
  const start = async (env: Readonly<Record<string, string>>): Promise<TestServer> => {
    const launched = await launchServer(home, env);
    servers.push(launched.child);
    await until(
      'the greeting of the server',
      () => /^Try it/m.test(launched.stdout) || launched.child.exitCode !== null,
      20_000,
    );
    const url = /^ {2}address {3}(\S+)$/m.exec(launched.stdout)?.[1];
    if (url === undefined) throw new Error(`the server did not start:\n${launched.stdout}${launched.stderr}`);
    // Packs of a test are meant to be good, unless it says otherwise.
    if (wish.mayHavePackProblems !== true && /^pack: /m.test(launched.stderr)) throw new Error(launched.stderr);
    const { api_key: apiKey } = JSON.parse(await readFile(join(home, 'cli.json'), 'utf8'));
    return running(launched, { home, url, apiKey, again: (more) => start({ ...wish.env, ...more }), dispose });
  };
  const dispose = async (): Promise<void> => {
    for (const child of servers) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await new Promise((resolve) => child.once('exit', resolve));
      }
    }
    // Actions outlive their server on purpose; tests may not leave them. Everything they start knows its home or its id.
    await until('nothing of the server is left', () => {
      const left = processesWith(home);
      for (const { pid } of left) signalQuietly(-pid, 'SIGKILL');
      for (const { pid } of left) signalQuietly(pid, 'SIGKILL');
      return left.length === 0;
    });
    await directory?.[Symbol.asyncDispose]();
  };
  try {
    await prepareHome(home, wish);
    return await start(wish.env ?? {});
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A start that is expected to fail: how it ended and what it said. */
export async function failToStart(wish: ServerWish & { readonly home: string }): Promise<Exit & { output: string }> {
  await prepareHome(wish.home, wish);
  const launched = await launchServer(wish.home, wish.env ?? {}, wish.uid);
  try {
    const exit = await within('the server gives up', 20_000, launched.exited);
    return { ...exit, output: launched.stdout + launched.stderr };
  } finally {
    launched.child.kill('SIGKILL');
  }
}

async function prepareHome(home: string, { config, files }: ServerWish): Promise<void> {
  for (const [path, content] of Object.entries({
    ...files,
    ...(config !== undefined && { 'stormtail.conf': config }),
  })) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
}

interface Launched {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly stdout: string;
  readonly stderr: string;
}

async function launchServer(home: string, env: Readonly<Record<string, string>>, uid?: number): Promise<Launched> {
  await built;
  const child = spawn(process.execPath, ['bin/stormtail.mjs', 'up'], {
    cwd: root,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      STORMTAIL_HOME: home,
      STORMTAIL_LISTEN: '127.0.0.1:0',
      STORMTAIL_COMPAT_PORTS: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.stderr += text;
  });
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  return {
    child,
    exited,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
  };
}

function running(
  launched: Launched,
  of: {
    home: string;
    url: string;
    apiKey: string;
    again: (env?: Readonly<Record<string, string>>) => Promise<TestServer>;
    dispose: () => Promise<void>;
  },
): TestServer {
  const { child, exited } = launched;
  const request: TestServer['request'] = async (method, path, body, headers = { 'St2-Api-Key': of.apiKey }) => {
    const response = await fetch(`${of.url}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
  };
  const expectStatus = async (wanted: number, answering: Promise<Answer>): Promise<Answer> => {
    const answer = await answering;
    if (answer.status !== wanted) throw new Error(`answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    return answer;
  };
  const execution = async (id: string) =>
    (await expectStatus(200, request('GET', `/api/v1/executions/${id}?show_secrets=true`))).json;
  const finalStatuses = ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned'];
  return {
    home: of.home,
    pid: child.pid ?? 0,
    url: of.url,
    apiKey: of.apiKey,
    get stdout() {
      return launched.stdout;
    },
    get stderr() {
      return launched.stderr;
    },
    request,
    async run(action, parameters = {}, more = {}) {
      const body = { action, parameters, ...more };
      return (await expectStatus(201, request('POST', '/api/v1/executions', body))).json['id'];
    },
    execution,
    finished: (id, withinMs = 15_000) =>
      until(
        `the end of execution ${id}`,
        async () => {
          const found = await execution(id);
          return finalStatuses.includes(found['status']) ? found : undefined;
        },
        withinMs,
      ),
    reached: (id, status, withinMs = 10_000) =>
      until(
        `execution ${id} ${status}`,
        async () => {
          const found = await execution(id);
          if (finalStatuses.includes(found['status']) && found['status'] !== status)
            throw new Error(`execution ${id} is ${found['status']} instead of ${status}: ${JSON.stringify(found)}`);
          return found['status'] === status ? found : undefined;
        },
        withinMs,
      ),
    output: async (id, query = '') =>
      (await expectStatus(200, request('GET', `/api/v1/executions/${id}/output${query}`))).text,
    signal: (signal) => void child.kill(signal),
    exited,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    again: of.again,
    [Symbol.asyncDispose]: of.dispose,
  };
}
