/** Builds the command line as it is shipped (one bundle, split) and runs it as a process of its own. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');

export interface BuiltCli {
  readonly file: string;
  remove(): void;
}

/** Into .build/, which git ignores; package.json lies beside dist/ as in the package. */
export async function buildCli(): Promise<BuiltCli> {
  mkdirSync(join(root, '.build'), { recursive: true });
  const folder = mkdtempSync(join(root, '.build/cli-'));
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  await build({
    entryPoints: { st2: join(root, 'src/cli/main.ts') },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // commander is CommonJS inside and asks for Node's own modules by require().
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
    logLevel: 'error',
  });
  return { file: join(folder, 'dist/st2.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliCall {
  readonly cli: BuiltCli;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** HOME and working directory. */
  readonly home: string;
  /** Where the fixed ports lead. */
  readonly replayPort?: number;
  readonly stdin?: string;
}

/** No call needs this long; one that hangs is killed and shows as exit code null. */
const callMaxMs = 30_000;

export function runCli(call: CliCall): Promise<CliResult> {
  const redirect = pathToFileURL(join(here, 'redirect-ports.mjs')).href;
  const hooks = call.replayPort === undefined ? [] : [`--import=${redirect}?port=${call.replayPort}`];
  const child = spawn(process.execPath, [...hooks, call.cli.file, ...call.args], {
    cwd: call.home,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: call.home,
      // The width that StackStorm's client had when it was recorded.
      COLUMNS: '120',
      ...call.environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: callMaxMs,
    killSignal: 'SIGKILL',
  });
  child.stdin.end(call.stdin ?? '');
  const collect = (stream: NodeJS.ReadableStream) =>
    new Promise<string>((resolve) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return Promise.all([exit, collect(child.stdout), collect(child.stderr)]).then(([exitCode, stdout, stderr]) => ({
    exitCode,
    stdout,
    stderr,
  }));
}

export function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), 'stormtail-cli-'));
}
