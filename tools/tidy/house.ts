/**
 * The house as data: which folder may import which, who owns which npm package, which calls and names are banned and
 * what to use instead. When a machine could have seen a mistake, add a row here. A new folder or a new row in the first
 * table is a design decision: write it in docs/decisions/.
 */

/**
 * Folder → the folders it may import, besides itself. `core/*` stands for every folder in `core`. Files directly in a
 * folder are its public face; only `app` and tests reach into its subfolders.
 */
export const folderImports: Readonly<Record<string, readonly string[]>> = {
  base: [],
  'core/model': ['base'],
  'core/params': ['base', 'core/model'],
  wire: ['base', 'core/model'],
  store: ['base', 'core/model'],
  bus: ['base', 'core/model'],
  runners: ['base', 'core/model', 'core/params'],
  content: ['base', 'core/model', 'core/params'],
  operations: ['base', 'core/*', 'store', 'bus', 'content'],
  services: ['base', 'core/*', 'store', 'bus', 'runners', 'operations'],
  api: ['base', 'core/*', 'wire', 'store', 'bus', 'operations'],
  client: ['base', 'wire'],
  cli: ['base', 'wire', 'client'],
  app: ['*'],
};

/** The web UI is a package of its own: it shares the published types and nothing that runs. */
export const webTypeImports: readonly string[] = ['wire'];

/** Folders that decide and never act: no I/O, no waiting, no clock, no chance, no surroundings. */
export const pureFolders: readonly string[] = ['core', 'wire'];

/** npm package or node: module → the folders that may import it. What is not listed here has no owner and may not come in. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  '@photostructure/sqlite': ['store/sqlite'],
  ajv: ['core/params', 'api'],
  'ajv-formats': ['core/params', 'api'],
  bcryptjs: ['operations'],
  commander: ['cli'],
  fastify: ['api', 'app'],
  kysely: ['store'],
  picocolors: ['cli'],
  pino: ['base'],
  'prom-client': ['app'],
  ssh2: ['runners/remote/ssh'],
  re2js: ['operations'],
  typebox: ['wire', 'api'],
  yaml: ['content', 'cli'],
  'node:child_process': ['runners', 'content', 'app'],
  'node:sqlite': ['store/sqlite'],
  'node:worker_threads': ['store/sqlite', 'app'],
};

/** Only for tests, benchmarks and tools. */
export const developmentPackages: readonly string[] = [
  'esbuild',
  'fast-check',
  'playwright-core',
  'typescript',
  'vite',
  'vitest',
];

export interface BannedCall {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Folders it is banned in, and files that are let off. */
  readonly folders: readonly string[];
  readonly except: readonly string[];
}

/** In the code of `src` (tests aside). */
export const bannedCalls: readonly BannedCall[] = [
  {
    pattern: /\b(?:setTimeout|setInterval)\s*\(/,
    instead: 'take timers from the clock (base/clock.ts), so that tests can move it',
    folders: ['src'],
    except: ['src/base/clock.ts', 'src/cli', 'src/client'],
  },
  {
    pattern: /\bDate\.now\s*\(|\bnew Date\s*\(\s*\)/,
    instead: 'take time from the clock (base/clock.ts)',
    folders: ['src'],
    except: ['src/base/clock.ts', 'src/cli', 'src/client'],
  },
  {
    pattern: /\bconsole\.\w+/,
    instead: 'use the log (base/log.ts); only the command line prints',
    folders: ['src'],
    except: ['src/cli', 'src/app'],
  },
  {
    pattern: /\bprocess\.exit\s*\(/,
    instead: 'let the error reach main, which alone ends the process',
    folders: ['src'],
    except: ['src/app/main.ts', 'src/app/signals.ts', 'src/cli/main.ts'],
  },
  {
    pattern: /\bprocess\.env\b/,
    instead: 'settings come from the configuration record; take what you need as a parameter',
    folders: ['src'],
    except: ['src/app', 'src/cli'],
  },
  {
    pattern: /\b(?:vi|jest)\.(?:mock|doMock)\s*\(/,
    instead: 'no mocks of our own code: use the in-memory database, the local bus, ManualClock or a real server',
    folders: ['src', 'test', 'tools', 'web'],
    except: [],
  },
  {
    pattern: /\b(?:describe|it|test)(?:\.\w+)*\.only\s*\(/,
    instead: 'take `.only` away: the other tests of the file would not run',
    folders: ['src', 'test', 'tools', 'web'],
    except: [],
  },
];

/** Of those, the ones that hold in tests too. */
export const bannedInTests: readonly RegExp[] = bannedCalls.slice(-2).map((call) => call.pattern);

/** In pure folders. */
export const impure: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /\bDate\.now\b|\bnew Date\s*\(\s*\)|\bDate\s*\(\s*\)/, what: 'reads a clock' },
  { pattern: /\bMath\.random\b|\bcrypto\./, what: 'draws a random number' },
  { pattern: /\bperformance\./, what: 'reads a clock' },
  { pattern: /\bprocess\./, what: 'looks at its surroundings' },
  { pattern: /\bset(?:Timeout|Interval|Immediate)\s*\(|\bqueueMicrotask\s*\(/, what: 'waits' },
  { pattern: /\basync\b|\bawait\b|\bPromise\b/, what: 'waits' },
  { pattern: /\bfetch\s*\(/, what: 'does I/O' },
];

/** Names that say nothing about what a file is for: as the whole name, or as its last word. */
export const bannedFileNames =
  /(?:^|\/)(?:utils?|helpers?|common|managers?|misc|stuff)(?=[/.])|-(?:utils?|helpers?|managers?)(?=[/.])/;

/** More than this needs a reason in the opening comment: `Long on purpose: …`. */
export const linesMax = 400;
