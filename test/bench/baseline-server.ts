/**
 * The plain way, to compare with: one process that takes a request, starts the command with pipes, splits its output
 * into lines, saves each line as a row of its own, and writes each row to each reader as JSON made for that reader.
 * It is a fair opponent: no authentication, no parameters, no validation, no cursors, nothing survives its death.
 *
 * Executions are saved with full durability, as ours are. Lines are committed one by one but without waiting for the
 * disk (`synchronous = NORMAL`), as a document store in its default setting would: waiting would make it ×10 slower.
 */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { endWithParent, tellParent } from './role.ts';

interface Prepared {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Prepared;
}

interface Running {
  seq: number;
  status: string;
  readonly readers: Set<ServerResponse>;
}

export async function baselineServer(directory: string): Promise<void> {
  endWithParent();
  const executions = await openDatabase(join(directory, 'executions.db'), 'FULL');
  const output = await openDatabase(join(directory, 'output.db'), 'NORMAL');
  executions.exec('CREATE TABLE executions (id INTEGER PRIMARY KEY, cmd TEXT, status TEXT, result TEXT)');
  output.exec(
    'CREATE TABLE lines (execution INTEGER, seq INTEGER, type TEXT, data TEXT, PRIMARY KEY (execution, seq))',
  );
  const insertExecution = executions.prepare('INSERT INTO executions (id, cmd, status) VALUES (?, ?, ?)');
  const setRunning = executions.prepare("UPDATE executions SET status = 'running' WHERE id = ?");
  const finish = executions.prepare('UPDATE executions SET status = ?, result = ? WHERE id = ?');
  const insertLine = output.prepare('INSERT INTO lines (execution, seq, type, data) VALUES (?, ?, ?, ?)');
  const selectLines = output.prepare('SELECT seq, type, data FROM lines WHERE execution = ? ORDER BY seq');
  const known = new Map<number, Running>();
  let lastId = 0;

  function frame(id: number, seq: number, type: string, data: string): string {
    const record = { execution_id: id, seq, timestamp: new Date().toISOString(), output_type: type, data };
    return `event: output\nid: ${seq}\ndata: ${JSON.stringify(record)}\n\n`;
  }

  function start(cmd: string): number {
    const id = ++lastId;
    const running: Running = { seq: 0, status: 'requested', readers: new Set() };
    known.set(id, running);
    insertExecution.run(id, cmd, 'requested');
    const child = spawn('/bin/bash', ['-c', cmd], { stdio: ['ignore', 'pipe', 'pipe'] });
    setRunning.run(id);
    running.status = 'running';
    const tails = { stdout: '', stderr: '' };
    const kept = { stdout: '', stderr: '' };
    const take = (type: 'stdout' | 'stderr', line: string) => {
      running.seq += 1;
      insertLine.run(id, running.seq, type, line);
      // The result keeps what a result of ours keeps at most.
      if (kept[type].length < 1_000_000) kept[type] += line;
      for (const reader of running.readers) reader.write(frame(id, running.seq, type, line));
    };
    for (const type of ['stdout', 'stderr'] as const) {
      child[type].setEncoding('utf8').on('data', (text: string) => {
        const lines = (tails[type] + text).split('\n');
        tails[type] = lines.pop() ?? '';
        for (const line of lines) take(type, `${line}\n`);
      });
    }
    child.on('close', (code) => {
      for (const type of ['stdout', 'stderr'] as const) if (tails[type] !== '') take(type, tails[type]);
      running.status = code === 0 ? 'succeeded' : 'failed';
      finish.run(running.status, JSON.stringify({ return_code: code, ...kept }), id);
      for (const reader of running.readers) reader.end(endFrames(running.status));
      running.readers.clear();
    });
    return id;
  }

  function follow(id: number, response: ServerResponse): void {
    const running = known.get(id);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const row of selectLines.all(id) as { seq: number; type: string; data: string }[]) // our own table
      response.write(frame(id, row.seq, row.type, row.data));
    if (!running || running.status === 'succeeded' || running.status === 'failed') {
      response.end(endFrames(running?.status));
      return;
    }
    response.flushHeaders();
    running.readers.add(response);
    response.on('close', () => running.readers.delete(response));
  }

  const server = createServer((request, response) => {
    const id = Number(/executions\/(\d+)/.exec(request.url ?? '')?.[1]);
    if (request.method === 'POST') {
      void readBody(request).then((body) => {
        const { parameters }: { parameters: { cmd: string } } = JSON.parse(body);
        const text = JSON.stringify({ id: start(parameters.cmd), status: 'requested', parameters });
        response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
        response.end(text);
      });
    } else if (request.url?.includes('/output')) follow(id, response);
    else {
      const text = JSON.stringify({ id, status: known.get(id)?.status });
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
      response.end(text);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  tellParent({ port });
}

function endFrames(status: string | undefined): string {
  return `event: end\ndata: ${JSON.stringify({ status })}\n\nevent: EOF\ndata: ''\n\n`;
}

async function openDatabase(path: string, synchronous: 'FULL' | 'NORMAL'): Promise<Database> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const module = major > 22 || (major === 22 && minor >= 13) ? 'node:sqlite' : '@photostructure/sqlite';
  const { DatabaseSync } = await import(module);
  const database: Database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec(`PRAGMA synchronous = ${synchronous}`);
  handles.push(database);
  return database;
}

/** A handle that is reachable only through its statements crashes the process on Node 20. */
const handles: Database[] = [];

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const bytes of request) text += bytes;
  return text;
}
