/**
 * The command line as a process: a server that dies and comes back while it tails, a reader that goes away or reads
 * slowly, and the time it takes to start.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli, runCli, temporaryHome } from './run-cli.ts';
import { rmSync } from 'node:fs';

const id = '5c0000000000000000000001';

let cli: BuiltCli;
let home: string;
beforeAll(async () => {
  cli = await buildCli();
  home = temporaryHome();
});
afterAll(() => {
  cli.remove();
  rmSync(home, { recursive: true, force: true });
});

function frame(event: string, data: string, cursor?: number): string {
  return `${cursor === undefined ? '' : `id: ${cursor}\n`}event: ${event}\ndata: ${data}\n\n`;
}

function update(status: string): string {
  return frame('st2.execution__update', JSON.stringify({ id, status, context: {} }));
}

function record(seq: number, data: string): string {
  return frame(
    'st2.execution.output__create',
    JSON.stringify({ execution_id: id, output_type: 'stdout', data, seq }),
    seq,
  );
}

/** A stream of `lines` that serves each connection `perConnection(n)` bytes, cut anywhere, then breaks it. */
function breakingServer(lines: readonly string[], bytesOf: (connection: number) => number): Server {
  let connections = 0;
  return createServer((request, response) => {
    if (request.url?.includes('/output') !== true) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ id, status: 'running' }));
      return;
    }
    connections += 1;
    const after = Number(request.headers['last-event-id'] ?? 0);
    const frames = lines.slice(after).map((line, index) => record(after + index + 1, line));
    const all = Buffer.from([update('running'), ...frames, update('succeeded'), frame('EOF', "''")].join(''));
    const bytes = bytesOf(connections);
    response.setHeader('Content-Type', 'text/event-stream');
    response.write(all.subarray(0, bytes), () => (bytes < all.length ? response.destroy() : response.end()));
  });
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port; // listening on TCP: never a pipe's name
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function urls(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  return { ST2_API_URL: url, ST2_STREAM_URL: url, ST2_AUTH_TOKEN: 't' };
}

const lines = Array.from(
  { length: 3_000 },
  (_, index) => `line ${index} ${['é', '日', '😀'].slice(0, index % 4).join('')}\n`,
);
const expected = `Execution ${id} has started.\n\n${lines.join('')}\nExecution ${id} has completed (status=succeeded).\n`;

describe('execution tail', () => {
  it('prints every byte once over connections that break anywhere', async () => {
    // Ever longer pieces, of lengths that fall anywhere in a frame; the last one reaches the end.
    const server = breakingServer(lines, (connection) => (connection < 12 ? 9_973 * connection + connection : 10 ** 9));
    const port = await listen(server);
    const result = await runCli({ cli, args: ['execution', 'tail', id], environment: urls(port), home });
    await stop(server);
    expect(result.stdout).toBe(expected);
    expect(result.exitCode).toBe(0);
  });

  it('waits for a server that died, and says so on stderr after a second', async () => {
    const first = breakingServer(lines, () => 50_000);
    const port = await listen(first);
    const call = runCli({ cli, args: ['execution', 'tail', id], environment: urls(port), home });
    const [, response] = await once(first, 'request');
    if (!response.req.url.includes('/output')) await once(first, 'request');
    await stop(first);
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // the outage itself: longer than the second of silence
    const second = breakingServer(lines, () => 10 ** 9);
    await listen(second, port);
    const result = await call;
    await stop(second);
    expect(result.stdout).toBe(expected);
    expect(result.stderr).toMatch(/^connection lost \(.+\); trying again for up to 5 minutes\nconnected again\n$/);
  });

  it('ends quietly when its reader goes away', async () => {
    const server = breakingServer(lines, () => 10 ** 9);
    const port = await listen(server);
    const child = spawn('sh', ['-c', `"$0" "$1" execution tail ${id} | head -n 3`, process.execPath, cli.file], {
      env: { PATH: process.env.PATH ?? '', HOME: home, ...urls(port) },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (piece) => (stdout += piece));
    child.stderr.on('data', (piece) => (stderr += piece));
    const [code] = await once(child, 'close');
    await stop(server);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${expected.split('\n').slice(0, 3).join('\n')}\n`,
      stderr: '',
    });
  });
});

describe('start-up', () => {
  it('of --version costs at most 35 ms more than Node itself', () => {
    const measure = (args: readonly string[]) => {
      const times = Array.from({ length: 7 }, () => {
        const startMs = performance.now();
        spawnSync(process.execPath, args);
        return performance.now() - startMs;
      });
      return Math.min(...times); // the least disturbed of them: the machine may be busy
    };
    expect(measure([cli.file, '--version']) - measure(['-e', '0'])).toBeLessThan(35);
  });
});
