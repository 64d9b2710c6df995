/**
 * Every setting this version acts on, as one table: section and name as in st2.conf, form, default, unit, meaning.
 * `docs/configuration.md` is printed from it, `config.ts` reads by it. The names that are only accepted, so that an
 * existing st2.conf loads, are in `config-options-accepted.ts`.
 *
 * `default: null` means none; where the program then computes one, `computed` says which. `required` names the only
 * values this version can honour, where ignoring another one would be unsafe: any other value stops the start.
 *
 * Long on purpose: one table that is read from top to bottom.
 */
import { limitOptions } from './config-options-limits.ts';
import { sshKeyFileOption, sshRunnerOptions } from './config-options-ssh.ts';

export interface OptionRow {
  readonly type: 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'paths' | 'object' | 'choice' | 'days';
  readonly default: string | number | boolean | null | readonly string[];
  readonly computed?: string;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  readonly required?: { readonly value: string | boolean; readonly because: string };
  /** The version that first acted on it. */
  readonly since: string;
  readonly description: string;
}

const since = '0.1.0';
const port = { type: 'integer', min: 0, max: 65_535, since } as const;

export const configOptions = {
  api: {
    host: {
      type: 'text',
      default: '127.0.0.1',
      since,
      description: 'Address to listen on. STORMTAIL_LISTEN wins over it.',
    },
    port: { ...port, default: 9101, description: 'Port to listen on; 0 takes any free one.' },
    allow_origin: {
      type: 'list',
      default: ['http://127.0.0.1:3000'],
      since,
      description:
        'Origins that browsers may call from; `*` allows all. The local ones of the web UI are always allowed.',
    },
    max_page_size: {
      type: 'integer',
      default: 100,
      min: 1,
      since,
      description: 'Largest `limit` of a list for users who are not administrators.',
    },
    mask_secrets: {
      type: 'boolean',
      default: true,
      since,
      description: 'Replace values that a schema marks as secret in answers and events.',
    },
    use_ssl: {
      type: 'boolean',
      default: false,
      required: { value: false, because: 'this version speaks plain http only; put a TLS proxy in front' },
      since,
      description: 'Serve https on the port of the API.',
    },
    auth_cookie_secure: {
      type: 'boolean',
      default: true,
      since,
      description:
        'Mark the login cookie `Secure`: browsers then send it over https, and over http only to this very machine.',
    },
    auth_cookie_same_site: {
      type: 'choice',
      choices: ['lax', 'strict', 'none', 'unset'],
      default: 'lax',
      since,
      description: '`SameSite` of the login cookie.',
    },
  },
  auth: {
    enable: {
      type: 'boolean',
      default: true,
      since,
      description: 'Ask for credentials. When off, everybody who reaches the address is the system user.',
    },
    mode: {
      type: 'text',
      default: 'standalone',
      required: { value: 'standalone', because: 'this version checks passwords itself and trusts no proxy' },
      since,
      description: 'Who checks the password.',
    },
    backend: {
      type: 'text',
      default: 'flat_file',
      required: { value: 'flat_file', because: 'this version knows no other source of users' },
      since,
      description: 'Where users come from: a file in the form of htpasswd.',
    },
    backend_kwargs: {
      type: 'object',
      default: null,
      computed: '{"file_path": "<home>/htpasswd"}',
      since,
      description: 'Arguments of the backend; `file_path` is the htpasswd file, read at every login.',
    },
    sso: {
      type: 'boolean',
      default: false,
      required: { value: false, because: 'this version has no single sign-on' },
      since,
      description: 'Single sign-on.',
    },
    use_ssl: {
      type: 'boolean',
      default: false,
      required: { value: false, because: 'this version speaks plain http only; put a TLS proxy in front' },
      since,
      description: 'Serve https on the port of the auth service.',
    },
    token_ttl: {
      type: 'integer',
      default: 86_400,
      min: 1,
      unit: 's',
      since,
      description: 'Life of a token, and the longest one may ask for.',
    },
    service_token_ttl: {
      type: 'integer',
      default: 86_400,
      min: 1,
      unit: 's',
      since,
      description: 'Life of the token that an action gets; it is deleted when the execution ends.',
    },
    api_url: {
      type: 'text',
      default: null,
      computed: 'the address that is listened on',
      since,
      description: 'Address of the API as actions and clients see it, without `/v1`.',
    },
    host: {
      type: 'text',
      default: null,
      computed: 'the address that is listened on',
      since,
      description: 'Address of the compatible port of the auth service.',
    },
    port: { ...port, default: 9100, description: 'Compatible port of the auth service.' },
  },
  stream: {
    host: {
      type: 'text',
      default: null,
      computed: 'the address that is listened on',
      since,
      description: 'Address of the compatible port of the stream service.',
    },
    port: { ...port, default: 9102, description: 'Compatible port of the stream service.' },
    heartbeat: {
      type: 'number',
      default: 25,
      min: 0.01,
      // A day: longer pauses cannot keep any connection alive.
      max: 86_400,
      unit: 's',
      since,
      description:
        'A connection that had nothing to say for this long gets an empty line, so that proxies keep it open.',
    },
  },
  actionrunner: {
    stream_output: {
      type: 'boolean',
      default: true,
      since,
      description: 'Publish output while actions run. Results are the same either way.',
    },
    actions_pool_size: {
      type: 'integer',
      default: 60,
      min: 1,
      since,
      description: 'Actions that run at the same time.',
    },
    ...limitOptions,
    graceful_shutdown: {
      type: 'boolean',
      default: true,
      since,
      description: 'Wait for running actions when the server is told to stop. What still runs then goes on either way.',
    },
    exit_still_active_check: {
      type: 'number',
      default: 30,
      min: 0,
      // A day: who waits longer for a stop has forgotten it.
      max: 86_400,
      unit: 's',
      since,
      description:
        'Longest such wait. Actions that take longer go on without the server; the next start takes them over.',
    },
    python_binary: {
      type: 'text',
      default: 'python3',
      since,
      description: 'Python for packs without a virtualenv of their own, and for making virtualenvs.',
    },
    python_runner_log_level: {
      type: 'choice',
      choices: ['AUDIT', 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'],
      default: 'DEBUG',
      since,
      description: 'Level of the logger that Python actions get, where the action itself says DEBUG.',
    },
  },
  system: {
    base_path: {
      type: 'text',
      default: null,
      computed: 'STORMTAIL_HOME',
      since,
      description: 'Folder of `packs/`, `configs/` and `virtualenvs/`.',
    },
    debug: { type: 'boolean', default: false, since, description: 'Log everything, whatever `[log] level` says.' },
  },
  system_user: {
    user: {
      type: 'text',
      default: null,
      computed: 'the user who runs the server',
      since,
      description: 'User that local commands run as. Another user than the one who runs the server needs sudo.',
    },
    ssh_key_file: sshKeyFileOption,
  },
  ssh_runner: sshRunnerOptions,
  content: {
    packs_base_paths: {
      type: 'paths',
      default: null,
      computed: '`<base_path>/packs`',
      since,
      description: 'Folders of your packs, separated by `:`; the first one wins where a pack is in several.',
    },
  },
  webui: {
    webui_base_url: {
      type: 'text',
      default: null,
      computed: 'the address that is listened on',
      since,
      description: 'Address of the web UI as people see it; start of `web_url` of executions.',
    },
  },
  log: {
    level: {
      type: 'choice',
      choices: ['error', 'warn', 'info', 'debug'],
      default: 'info',
      since,
      description: 'Least important kind of log line that is written (to stderr, one JSON object a line).',
    },
    mask_secrets: {
      type: 'boolean',
      default: true,
      since,
      description: 'Replace secrets in logs. Off also turns off `[api] mask_secrets`, as in StackStorm.',
    },
  },
  metrics: {
    token: {
      type: 'text',
      default: null,
      since,
      description: '`Authorization: Bearer <token>` may read `/metrics`. Credentials of a user may too.',
    },
    allow: {
      type: 'list',
      default: [],
      since,
      description:
        'Addresses and networks that may read `/metrics` without credentials: `10.0.0.7`, `10.0.0.0/24`. This machine may while the server listens on loopback.',
    },
  },
  garbagecollector: {
    collection_interval: {
      type: 'integer',
      default: 600,
      min: 1,
      unit: 's',
      since,
      description: 'Pause between two collections.',
    },
    action_executions_ttl: {
      type: 'days',
      default: null,
      since,
      description: 'Finished executions older than this are deleted with their output; 0 or nothing keeps them.',
    },
    action_executions_output_ttl: {
      type: 'days',
      default: 7,
      since,
      description: 'Output of executions that finished longer ago than this is deleted; 0 keeps it.',
    },
  },
  rbac: {
    enable: {
      type: 'boolean',
      default: false,
      required: {
        value: false,
        because: 'this version has no roles yet, and without them everybody may do everything',
      },
      since,
      description: 'Check permissions by role.',
    },
    permission_isolation: {
      type: 'boolean',
      default: false,
      required: { value: false, because: 'this version has no roles yet, and would show everything to everybody' },
      since,
      description: 'Show users their own executions only.',
    },
  },
  database: {
    url: {
      type: 'text',
      default: null,
      required: { value: '', because: 'this version keeps its state in SQLite in STORMTAIL_HOME only' },
      since,
      description: 'A PostgreSQL database for several machines.',
    },
  },
  stormtail: {
    action_kill_grace_ms: {
      type: 'integer',
      default: 5_000,
      min: 0,
      max: 600_000,
      unit: 'ms',
      since,
      description: 'Time between TERM and KILL when an action is cancelled or runs out of time.',
    },
    queue_max: {
      type: 'integer',
      // About 200 MB of database at 2 kB an execution: room for a burst, not for a runaway loop to fill the disk.
      default: 100_000,
      min: 1,
      since,
      description: 'Executions that may wait for their turn; further requests are refused as busy.',
    },
    output_bytes_max: {
      type: 'integer',
      default: 1_073_741_824,
      min: 0,
      unit: 'bytes',
      since,
      description:
        'Kept of the output of one execution: head and tail of what is more, with a mark of what is missing between them. What is followed live is not cut. 0 keeps all; less than 1 MiB counts as that.',
    },
    result_bytes_max: {
      type: 'integer',
      default: 4_194_304,
      min: 1_024,
      // Results live in one database record, which is read whole.
      max: 268_435_456,
      unit: 'bytes',
      since,
      description: 'Kept in the result of each of stdout and stderr; the rest stays in the output. The result says so.',
    },
  },
} as const satisfies Record<string, Record<string, OptionRow>>;

export type Section = keyof typeof configOptions;

type ValueByType = {
  text: string;
  integer: number;
  number: number;
  boolean: boolean;
  list: readonly string[];
  paths: readonly string[];
  object: Readonly<Record<string, unknown>>;
  days: number | null;
};

/** What a row's setting holds once it is read. */
export type ValueOf<R extends OptionRow> =
  | (R extends { choices: readonly (infer C)[] }
      ? C
      : R['type'] extends keyof ValueByType
        ? ValueByType[R['type']]
        : never)
  | (R['default'] extends null ? null : never);

/** A section as it is read: every option of the table, by name. */
export type SectionValues<S extends Section> = {
  readonly [O in keyof (typeof configOptions)[S]]: (typeof configOptions)[S][O] extends OptionRow
    ? ValueOf<(typeof configOptions)[S][O]>
    : never;
};
