/**
 * What is measured: a server in a process of its own, ours or the plain one, in a fresh directory. Both take the same
 * requests, so every benchmark is written once. Disposing ends the process and removes the directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from './clock.ts';
import type { Address, HttpConnection } from './http-connection.ts';
import { startRole } from './role.ts';

export interface Target extends Address, AsyncDisposable {
  readonly name: 'stormtail' | 'baseline';
  readonly pid: number;
}

export interface TargetOptions {
  /** Directory of the built product (installation.ts). */
  readonly installation: string;
  /** Directory that the server writes a processor profile to when it stops. */
  readonly profileDir?: string;
  /** The server's heap holds this much more, of small objects, from its start. */
  readonly ballastBytes?: number;
  /** The server's stormtail.conf. */
  readonly config?: string;
}

const startMs = 20_000;
/** From TERM to KILL. */
const stopMs = 8_000;

export async function startStormtail(options: TargetOptions): Promise<Target> {
  const home = mkdtempSync(join(tmpdir(), 'stormtail-bench-'));
  if (options.config !== undefined) writeFileSync(join(home, 'stormtail.conf'), options.config, { mode: 0o600 });
  const profile = options.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileDir}`];
  const ballast = options.ballastBytes === undefined ? [] : ['--import', ballastModule(options.ballastBytes)];
  const child = spawn(process.execPath, [...profile, ...ballast, 'bin/stormtail.mjs', 'up'], {
    cwd: options.installation,
    env: {
      ...process.env,
      STORMTAIL_HOME: home,
      STORMTAIL_LISTEN: '127.0.0.1:0',
      STORMTAIL_COMPAT_PORTS: 'off',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const port = await within(startMs, 'the start of the server', greetedPort(child));
    const { api_key: key }: { api_key: string } = JSON.parse(readFileSync(join(home, 'cli.json'), 'utf8'));
    return {
      name: 'stormtail',
      port,
      headers: `St2-Api-Key: ${key}\r\n`,
      pid: child.pid ?? 0,
      [Symbol.asyncDispose]: () => stop(child, home),
    };
  } catch (error) {
    await stop(child, home);
    throw error;
  }
}

/** Loaded before the server. Threads take no part in it. */
function ballastModule(bytes: number): string {
  const bytesPerObject = 140;
  const code = `import { isMainThread } from 'node:worker_threads';
if (isMainThread) globalThis.ballast = Array.from({ length: ${Math.round(bytes / bytesPerObject)} }, (_, at) => ({ at, a: [at], b: { at } }));`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

export async function startBaseline(): Promise<Target> {
  const directory = mkdtempSync(join(tmpdir(), 'stormtail-bench-'));
  const role = startRole('baseline-server', [directory]);
  try {
    const { port } = (await within(startMs, 'the start of the baseline', role.message())) as { port: number }; // its first message
    return {
      name: 'baseline',
      port,
      headers: '',
      pid: role.child.pid ?? 0,
      [Symbol.asyncDispose]: () => stop(role.child, directory),
    };
  } catch (error) {
    await stop(role.child, directory);
    throw error;
  }
}

/** Asks for a shell command to be run; answers its id when that is durable. `others`: another action, more parameters. */
export async function startExecution(
  connection: HttpConnection,
  command: string,
  others: { readonly action?: string; readonly parameters?: object } = {},
): Promise<string> {
  const parameters = { cmd: command, timeout: 240, ...others.parameters };
  const body = JSON.stringify({ action: others.action ?? 'core.local', parameters });
  const answer = await connection.request('POST', '/api/v1/executions', body);
  const id = /^\{"id":"?(\w+)/.exec(answer.body)?.[1];
  if (answer.status !== 201 || id === undefined)
    throw new Error(`the request was answered with ${answer.status} ${answer.body.slice(0, 300)}`);
  return id;
}

/** Path of the event stream; it ends with a frame that `requireSuccess` understands. */
export function outputPath(id: string): string {
  return `/stream/v1/executions/${id}/output?end=true`;
}

/** Throws where the end of an event stream does not say that the execution succeeded: failing fast is not being fast. */
export function requireSuccess(stream: string): void {
  const end = stream.slice(-400);
  if (!end.includes('"status":"succeeded"') || !end.includes('event: EOF'))
    throw new Error(`an execution did not succeed; its stream ended with ${JSON.stringify(end)}`);
}

/** Status of an execution, by asking. */
export async function statusOf(connection: HttpConnection, id: string): Promise<string> {
  const { body } = await connection.request('GET', `/api/v1/executions/${id}`);
  return /"status":"(\w+)"/.exec(body)?.[1] ?? 'unknown';
}

async function greetedPort(child: ChildProcess): Promise<number> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} at its start: ${text}`)));
    child.once('error', reject);
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      const port = /address\s+http:\/\/\S+:(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await within(stopMs, 'the stop of a server', exited).catch(async () => {
      child.kill('SIGKILL');
      await exited;
    });
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
