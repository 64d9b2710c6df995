/** The `hosts` parameter: which hosts, on which ports, and under which key each is in the result. */
import { Fault } from '../../base/errors.ts';

export interface HostEntry {
  readonly host: string;
  /** Undefined where the entry names none. */
  readonly port: number | undefined;
  /** In the result, and `host` of its output: the name alone, or with its port where that name is there with several. */
  readonly key: string;
}

/** Of one execution: every host is a record in the result, which is one record in the database. */
const hostsMax = 1_000;

/**
 * `web1, web2:2222,[2001:db8::1]:22,2001:db8::2`. What is there twice is run once. Fault `invalid_parameter` where an entry
 * is no host, where there is none, and where there are too many.
 */
export function parseHosts(text: unknown): readonly HostEntry[] {
  const entries = new Map<string, { host: string; port: number | undefined }>();
  for (const written of typeof text === 'string' ? text.split(',') : []) {
    if (written.trim() === '') continue;
    const entry = parseHostAndPort(written.trim(), 'parameter "hosts"');
    entries.set(hostWithPort(entry), entry);
  }
  if (entries.size === 0) throw new Fault('invalid_parameter', 'parameter "hosts" names no host');
  if (entries.size > hostsMax) {
    const advice = 'split them over several executions';
    throw new Fault(
      'invalid_parameter',
      `parameter "hosts" names ${entries.size} hosts; at most ${hostsMax} can be worked on at once, ${advice}`,
    );
  }
  const times = new Map<string, number>();
  for (const { host } of entries.values()) times.set(host, (times.get(host) ?? 0) + 1);
  return [...entries.values()].map((entry) => ({
    ...entry,
    key: times.get(entry.host) === 1 ? entry.host : hostWithPort(entry),
  }));
}

/** `host`, `host:port`, `[ipv6]`, `[ipv6]:port` or an IPv6 address. `where` is for the message. */
export function parseHostAndPort(text: string, where: string): { host: string; port: number | undefined } {
  // An IPv6 address has at least two colons, and needs brackets to have a port.
  const match = /^\[([^[\]]+)\](?::(\d+))?$/.exec(text) ?? /^([^:[\]]+)(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? (/^[0-9a-f:.%]*:[0-9a-z:.%]*:[0-9a-z:.%_-]*$/i.test(text) ? text : undefined);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  // A name that begins with "-" or holds blanks or control characters is no name, whatever else it was meant to be.
  if (host === undefined || !/^[^\s\p{C}\-,@/\\][^\s\p{C},@/\\]*$/u.test(host)) {
    const forms = 'host, host:port, [ipv6]:port or an IPv6 address';
    throw new Fault('invalid_parameter', `${where}: "${text}" is no host; expected ${forms}`);
  }
  if (port !== undefined && (port < 1 || port > 65_535))
    throw new Fault('invalid_parameter', `${where}: "${text}": a port is a number from 1 to 65535`);
  return { host, port };
}

function hostWithPort({ host, port }: { readonly host: string; readonly port: number | undefined }): string {
  if (port === undefined) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
