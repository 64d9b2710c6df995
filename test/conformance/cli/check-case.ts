/** Runs one case, a recorded call with the answers it got, and compares everything that can be seen from outside. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { type RecordedRequest, ReplayServer, type SeenRequest } from './replay-server.ts';
import { type BuiltCli, runCli, temporaryHome } from './run-cli.ts';

export interface CliCase {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly exit_code: number;
  readonly stdout: string;
  /** Compared only where the case is our own: the original's usage texts are argparse's. */
  readonly stderr?: string;
  readonly requests: readonly RecordedRequest[];
  /** Path to content, made before the call; `~/` is the home directory, others are in the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly files_written?: Readonly<Record<string, { readonly mode: string; readonly content?: string }>>;
  readonly stdin?: string;
  readonly note?: string;
}

/** Other headers are the HTTP library's own. */
const comparedHeaders = ['x-auth-token', 'st2-api-key', 'authorization', 'content-type', 'last-event-id'];

export async function checkCase(cli: BuiltCli, item: CliCase, options: { readonly stderr: boolean }): Promise<void> {
  const home = temporaryHome();
  try {
    for (const [path, content] of Object.entries(item.files ?? {})) {
      const full = inHome(home, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, content, { mode: 0o600 });
    }
    await using replay = await ReplayServer.start(item.requests.map((request) => request.response));
    const result = await runCli({
      cli,
      args: item.argv.slice(1),
      environment: item.env,
      home,
      replayPort: replay.port,
      ...(item.stdin === undefined ? {} : { stdin: item.stdin }),
    });
    const seen = replay.seen.map(comparable);
    expect({ stdout: result.stdout, exitCode: result.exitCode }, result.stderr).toEqual({
      stdout: item.stdout,
      exitCode: item.exit_code,
    });
    if (options.stderr && item.stderr !== undefined) expect(result.stderr).toBe(item.stderr);
    expect(seen).toEqual(item.requests.map(recorded));
    for (const [path, file] of Object.entries(item.files_written ?? {})) {
      const full = inHome(home, path);
      expect(`0o${(statSync(full).mode & 0o7777).toString(8)}`, path).toBe(file.mode);
      if (file.content !== undefined) expect(readFileSync(full, 'utf8'), path).toBe(file.content);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function inHome(home: string, path: string): string {
  return join(home, path.replace(/^~\//, ''));
}

function comparable(request: SeenRequest) {
  return {
    host: request.host,
    method: request.method,
    target: request.target,
    headers: relevant(request.headers),
    body: request.body === '' ? undefined : JSON.parse(request.body),
  };
}

function recorded(request: RecordedRequest) {
  return {
    host: `127.0.0.1:${request.port}`,
    method: request.method,
    target: request.target,
    headers: relevant(request.headers),
    body: request.body ?? undefined,
  };
}

function relevant(headers: Readonly<Record<string, string>>): Record<string, string> {
  const found = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(found.filter(([name]) => comparedHeaders.includes(name)));
}
