/**
 * What every operation is given: the ports and the few facts of this process. One plain record, built once in
 * `app/system.ts`; operations take it as their first argument.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Bus } from '../bus/bus.ts';
import type { Execution } from '../core/model/execution.ts';
import type { OutputStore } from '../store/output-store.ts';
import type { Store } from '../store/store.ts';
import type { Metrics } from './metrics.ts';

export interface Settings {
  /** Where the API is reached from actions: `http://127.0.0.1:9101/api/v1`. */
  readonly apiUrl: string;
  /** What `web_url` of executions begins with. */
  readonly webUrl: string;
  readonly hostname: string;
  /** STORMTAIL_HOME. */
  readonly home: string;
  /** Directories with packs, first wins: the bundled ones, then the user's. */
  readonly packPaths: readonly string[];
  readonly authEnabled: boolean;
  /** Requester of everything when authentication is off, and owner of what nobody asked for. */
  readonly systemUser: string;
  readonly htpasswdPath: string;
  readonly tokenTtlS: number;
  readonly serviceTokenTtlS: number;
  readonly maskSecrets: boolean;
  readonly maxPageSize: number;
  /** Executions that may wait for their turn. */
  readonly queueMax: number;
  /** Key of the tokens given to actions (operations/service-token.ts). */
  readonly serviceTokenKey: Buffer;
}

/**
 * The action runner of this very process, where it has one: an execution that is requested here and can begin at once is
 * stored as begun, which spares a commit and the wait for it.
 */
export interface Starter {
  /** A place for one execution; undefined where none is free or others wait for one. Given back by `begin` or `release`. */
  reserve(): StartPlace | undefined;
}

export interface StartPlace {
  /** The execution as it is to be stored: `requested` → `scheduled` → `running`, claimed by this process. */
  claim(requested: Execution): Execution;
  /** Once that is committed. */
  begin(claimed: Execution): void;
  release(): void;
}

export interface Context {
  /** Undefined where executions are only stored here and run by other processes. */
  readonly starter?: Starter | undefined;
  readonly store: Store;
  readonly output: OutputStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly newId: () => string;
  readonly settings: Settings;
}

/** Who asks. Without RBAC everybody who got in counts as admin. */
export interface Requester {
  readonly user: string;
  readonly isAdmin: boolean;
}
