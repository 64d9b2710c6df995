/** The server under the soak: a child process on a home of its own that can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { until } from '../support/server-wait.ts';

/** A line of the log, as far as the soak reads it. */
interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly execution?: string;
}

export interface ServerFigures {
  readonly files: number;
  readonly sockets: number;
  readonly residentBytes: number;
}

export class SoakServer {
  readonly home: string;
  readonly #installation: string;
  #child: ChildProcess | undefined;
  #stdout = '';
  #url = '';
  #apiKey = '';
  /** Lines of error and warning, by text. */
  readonly complaints = new Map<string, number>();
  /** Said on standard error, and no line of the log. */
  readonly outcries: string[] = [];
  starts = 0;

  constructor(installation: string, home: string) {
    this.#installation = installation;
    this.home = home;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isUp(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  prepare(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.home, path)), { recursive: true });
      writeFileSync(join(this.home, path), text);
    }
  }

  async start(): Promise<void> {
    this.#stdout = '';
    this.starts += 1;
    const tmp = join(this.home, 'tmp');
    mkdirSync(tmp, { recursive: true });
    const child = spawn(process.execPath, [join(this.#installation, 'bin/stormtail.mjs'), 'up'], {
      cwd: this.#installation,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        TMPDIR: tmp,
        STORMTAIL_HOME: this.home,
        STORMTAIL_LISTEN: '127.0.0.1:0',
        STORMTAIL_COMPAT_PORTS: 'off',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    await until('the server has started', () => /^Try it/m.test(this.#stdout) || !this.isUp, 60_000);
    this.#url = /^ {2}address {3}(\S+)$/m.exec(this.#stdout)?.[1] ?? '';
    if (this.#url === '') throw new Error(`the server did not start: ${this.#stdout}${this.outcries.join('\n')}`);
    this.#apiKey = JSON.parse(readFileSync(join(this.home, 'cli.json'), 'utf8')).api_key;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || !this.isUp) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  /** Where to ask now, with credentials. */
  at(path: string): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
    return { url: `${this.#url}${path}`, headers: { 'St2-Api-Key': this.#apiKey } };
  }

  /** Rejects where the server is not there. */
  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const { url, headers } = this.at(path);
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Asks until the server, which may be starting, answers with success. */
  async fetchSurely(path: string): Promise<string> {
    return until(
      `an answer to ${path}`,
      async () => {
        try {
          const { status, text } = await this.ask('GET', path);
          return status === 200 ? text : undefined;
        } catch {
          return undefined; // being killed or started
        }
      },
      60_000,
    );
  }

  figures(): ServerFigures {
    const targets = readdirSync(`/proc/${this.pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${this.pid}/fd/${fd}`)];
      } catch {
        return []; // closed while we looked
      }
    });
    const sockets = targets.filter((target) => target.startsWith('socket:')).length;
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const residentBytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    return { files: targets.length - sockets, sockets, residentBytes };
  }

  #hear(line: string): void {
    if (line === '') return;
    try {
      const { level, msg } = JSON.parse(line) as LogLine; // what the log writes
      if (level >= 40) this.complaints.set(msg, (this.complaints.get(msg) ?? 0) + 1);
    } catch {
      if (this.outcries.length < 50) this.outcries.push(line);
    }
  }
}
