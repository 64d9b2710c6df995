/**
 * The fork servers of this server: one for each interpreter and set of modules that actions import. A new one takes the place
 * of one whose packages have changed; one that nobody needs for a while goes. Where there is none that will do, the action
 * gets an interpreter of its own.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan, PythonStart } from '../process.ts';
import { PythonForkServer } from './python-fork-server.ts';
import { requireStartable, startFailure } from './start-checks.ts';
import { prepareDirectory } from './start-files.ts';

/** Each holds 15 to 100 MB, most of which is shared with nobody. */
const serversMax = 8;
/** Where there are more kinds of actions than places, changing all the time would cost more than it saves. */
const settledAfterMs = 10_000;
const idleMs = 300_000;
const idleLookMs = 30_000;
/** As long as it is quicker to wait than to start cold, even on a busy machine. */
const patienceMs = 10_000;
/** Modules that are found unfit, one after another, before nothing more is tried than what all actions need. */
const unfitMax = 4;
/** After this, an interpreter that cannot be used is tried again: it may have been repaired by a means that we do not see. */
const retryAfterMs = 300_000;

/** Of a pipe's atomic 4096 (512 where POSIX promises no more), pid and id of the execution need less than 100. */
const directoryBytesMax = process.platform === 'linux' ? 3_900 : 400;
/** Interpreters, each as it was at some time. */
const unfitRememberedMax = 100;

/** The part of the SDK that every action needs, and what is imported by so many that telling them apart is not worth it. */
const always = [
  'st2common.runners.base_action',
  'st2common.log',
  'base64',
  'collections',
  'copy',
  'datetime',
  'functools',
  'hashlib',
  'itertools',
  'json',
  'logging',
  'os',
  'random',
  're',
  'shutil',
  'socket',
  'string',
  'subprocess',
  'sys',
  'tempfile',
  'threading',
  'time',
  'traceback',
  'typing',
  'urllib.parse',
  'uuid',
];
const alwaysLoaded: ReadonlySet<string> = new Set(always);

/** Or what is in it, be that a module of its own. */
function isAlwaysLoaded(name: string): boolean {
  return alwaysLoaded.has(name) || alwaysLoaded.has(name.slice(0, Math.max(0, name.lastIndexOf('.'))));
}

interface Place {
  readonly stamp: string;
  /** Undefined where there can be none. */
  readonly opened: Promise<PythonForkServer | undefined>;
  server: PythonForkServer | undefined;
  failedUs: number | undefined;
  usedUs: number;
}

export class PythonForkServers implements Disposable {
  readonly #clock: Clock;
  readonly #log: Log;
  /** The one that was used last comes last. */
  readonly #places = new Map<string, Place>();
  /** Modules by interpreter and stamp. */
  readonly #unfit = new Map<string, Set<string>>();
  readonly #opening = new Set<PythonForkServer>();
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Undefined where it has to be started in another way. Fault `start_failed` where it cannot be started at all. */
  async start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle | undefined> {
    if (!plan.python || plan.isInputOpen || plan.terminal || !fitsLine(options.directory)) return undefined;
    requireStartable(plan, plan.environment, options);
    const server = await this.#serverFor(plan.python);
    if (!server) return undefined;
    try {
      prepareDirectory(options);
      return await server.start(plan, options);
    } catch (error) {
      throw startFailure(error);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    for (const { server } of this.#places.values()) server?.[Symbol.dispose]();
    for (const server of this.#opening) server[Symbol.dispose]();
  }

  async #serverFor(start: PythonStart): Promise<PythonForkServer | undefined> {
    const modules = start.modules.filter((name) => !isAlwaysLoaded(name));
    const key = JSON.stringify([start.argv, start.environment, modules]);
    const nowUs = this.#clock.monotonicUs();
    let place = this.#places.get(key);
    if (place && !this.#isGood(place, start, nowUs)) {
      place.server?.retire();
      this.#places.delete(key);
      place = undefined;
    }
    if (!place && !this.#hasRoom(nowUs)) return undefined;
    place ??= this.#open(start, modules, nowUs);
    place.usedUs = nowUs;
    this.#places.delete(key);
    this.#places.set(key, place);
    return await this.#patiently(place.opened);
  }

  /** What takes long to import must not hold up an action that cannot be stopped yet: it can import that by itself. */
  #patiently(opened: Place['opened']): Place['opened'] {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(patienceMs, () => resolve(undefined));
      void opened.then((server) => {
        cancel();
        resolve(server);
      });
    });
  }

  #isGood({ stamp, server, failedUs }: Place, start: PythonStart, nowUs: number): boolean {
    if (stamp !== start.stamp) return false;
    if (failedUs !== undefined) return nowUs - failedUs < retryAfterMs * 1000;
    return server?.takesOrders ?? true;
  }

  #hasRoom(nowUs: number): boolean {
    if (this.#isClosed) return false;
    if (this.#places.size < serversMax) return true;
    for (const [key, { server, failedUs, usedUs }] of this.#places) {
      if (failedUs === undefined && nowUs - usedUs < settledAfterMs * 1000) continue;
      server?.retire();
      this.#places.delete(key);
      return true;
    }
    return false;
  }

  #open(start: PythonStart, modules: readonly string[], nowUs: number): Place {
    const opened = this.#openFor(start, modules).then((server) => {
      place.server = server;
      if (!server) place.failedUs = this.#clock.monotonicUs();
      // Closed, or given up, while it was being opened.
      if (this.#isClosed || ![...this.#places.values()].includes(place)) server?.retire();
      return server;
    });
    const place: Place = { stamp: start.stamp, opened, server: undefined, failedUs: undefined, usedUs: nowUs };
    this.#cancelLook ??= this.#clock.after(idleLookMs, () => this.#look());
    return place;
  }

  /** Leaves out one module after another that is found unfit, then all of them. */
  async #openFor(start: PythonStart, modules: readonly string[]): Promise<PythonForkServer | undefined> {
    const unfit = this.#unfitFor(start);
    for (let found = 0; ; found++) {
      const wanted = found < unfitMax ? modules.filter((name) => !unfit.has(name)) : [];
      const server = new PythonForkServer(start, [...always, ...wanted], this.#clock);
      this.#opening.add(server);
      const readiness = await server.readiness;
      this.#opening.delete(server);
      if (readiness.kind === 'ready') return server;
      const { module, why } = readiness;
      const fields = { interpreter: start.argv[0], ...(module !== undefined && { module }), why };
      if (this.#isClosed) return undefined;
      if (module === undefined || alwaysLoaded.has(module) || found >= unfitMax) {
        this.#log.warn(fields, 'Python actions start slowly: no interpreter can be kept ready for them');
        return undefined;
      }
      this.#log.info(fields, 'a Python module cannot be loaded ahead; the actions that import it do so themselves');
      unfit.add(module);
    }
  }

  #unfitFor({ argv, stamp }: PythonStart): Set<string> {
    const key = JSON.stringify([argv, stamp]);
    const found = this.#unfit.get(key) ?? new Set();
    this.#unfit.delete(key);
    this.#unfit.set(key, found);
    for (const oldest of this.#unfit.keys()) if (this.#unfit.size > unfitRememberedMax) this.#unfit.delete(oldest);
    return found;
  }

  #look(): void {
    this.#cancelLook = undefined;
    const nowUs = this.#clock.monotonicUs();
    for (const [key, { server, usedUs }] of this.#places) {
      if (!server?.isIdle || nowUs - usedUs < idleMs * 1000) continue;
      server.retire();
      this.#places.delete(key);
    }
    if (this.#places.size > 0) this.#cancelLook = this.#clock.after(idleLookMs, () => this.#look());
  }
}

/** The fork server is told of it in one line, which the system must not split. */
function fitsLine(directory: string): boolean {
  return Buffer.byteLength(directory) <= directoryBytesMax && !directory.includes('\n');
}
