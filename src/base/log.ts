/**
 * Logs: one line is one event, a fixed message plus fields. error = a person, now; warn = a person, some day;
 * info = what an operator follows; debug = us. Values under names that hold secrets are replaced before they are written.
 */
import { pino } from 'pino';

export interface Log {
  error(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  debug(fields: Record<string, unknown>, message: string): void;
  child(fields: Record<string, unknown>): Log;
}

/** StackStorm's list (`log.mask_secrets_blacklist` adds to it), plus the header and query spellings of ours. */
export const secretFieldNames = [
  'password',
  'auth_token',
  'token',
  'secret',
  'credentials',
  'st2_auth_token',
  'api_key',
  'x-auth-token',
  'st2-api-key',
] as const;

export function createLog(options: { level: string; write?: (line: string) => void }): Log {
  const paths = secretFieldNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`]);
  const settings = {
    level: options.level,
    base: null,
    redact: { paths, censor: '********' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const destination = options.write ? { write: options.write } : pino.destination({ fd: 2, sync: true });
  return pino(settings, destination);
}

export const silentLog: Log = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child() {
    return silentLog;
  },
};
