/**
 * What every operation is given: the ports and the few facts of this process. One plain record, built once in
 * `app/system.ts`; operations take it as their first argument.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Bus } from '../bus/bus.ts';
import type { OutputStore } from '../store/output-store.ts';
import type { Store } from '../store/store.ts';

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

export interface Context {
  readonly store: Store;
  readonly output: OutputStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly settings: Settings;
}

/** Who asks. Without RBAC everybody who got in counts as admin. */
export interface Requester {
  readonly user: string;
  readonly isAdmin: boolean;
}
