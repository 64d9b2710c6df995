/**
 * Every error that may leave a module, as one table: a stable code, whose fault it is, and when it happens.
 * `docs/reference/errors.md` is this table in prose; a test compares the two, both ways. HTTP statuses live in
 * `api/errors.ts`, exit codes in `cli/main.ts`, and nowhere else.
 *
 * Kinds: `caller` (bad input, not found, forbidden, conflict: explained, never logged as our failure) and `world`
 * (connection lost, disk full, process killed: retried or reported). Our own mistakes are `BrokenInvariant`.
 */
export const errorTable = {
  invalid_input: {
    kind: 'caller',
    when: 'a value, body, parameter or query does not have the form that was asked for',
  },
  invalid_parameter: { kind: 'caller', when: "an action's parameters fail its schema, cast or merge rules" },
  invalid_content: {
    kind: 'caller',
    when: 'a file of a pack cannot be read or registered; details name file, line and column',
  },
  invalid_config: {
    kind: 'caller',
    when: 'stormtail.conf, an environment variable or a flag has an unknown name or a bad value',
  },
  invalid_transition: {
    kind: 'caller',
    when: 'a status was asked for that the execution cannot take from where it is',
  },
  unauthenticated: { kind: 'caller', when: 'no credentials were given, or they are unknown, expired or disabled' },
  forbidden: { kind: 'caller', when: 'the caller is known but may not do this' },
  not_found: { kind: 'caller', when: 'the thing named does not exist' },
  conflict: { kind: 'caller', when: 'a thing with the same unique name exists already' },
  no_input: {
    kind: 'caller',
    when: 'input was sent to an execution that takes none: it is not running, not interactive, or its input has ended',
  },
  busy: { kind: 'world', when: 'a bound was reached (queue, readers, connections); trying again later may succeed' },
  store_failed: { kind: 'world', when: 'the database refused or failed a request' },
  storage_full: { kind: 'world', when: 'the disk that holds STORMTAIL_HOME has no room left' },
  address_in_use: { kind: 'world', when: 'another process listens on an address that was asked for' },
  home_unusable: { kind: 'world', when: 'STORMTAIL_HOME cannot be created, written or locked' },
  start_failed: { kind: 'world', when: 'a process could not be started' },
  ssh_failed: {
    kind: 'world',
    when: 'a host could not be worked with over SSH; `details.problem` says which of a fixed set of reasons',
  },
  unreachable: { kind: 'world', when: 'the server that a client talks to does not answer' },
} as const satisfies Record<string, { kind: 'caller' | 'world'; when: string }>;

export type ErrorCode = keyof typeof errorTable;

/** An expected error. `message` names the thing and the place; `details` is for machines; `cause` keeps the original. */
export class Fault extends Error {
  override name = 'Fault';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get kind(): 'caller' | 'world' {
    return errorTable[this.code].kind;
  }
}

export function isFault(error: unknown, code?: ErrorCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error (`ENOSPC`, `EADDRINUSE`, …), if it is one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
