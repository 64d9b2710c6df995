/** `host:port` as people write it in STORMTAIL_LISTEN, and what follows from it. */

export interface ListenAddress {
  /** Without brackets, also for IPv6. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** `127.0.0.1:9101`, `[::1]:9101`, `:9101` (all addresses) or `9101` (this machine only); undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):)?(\d{1,5})$/.exec(text.trim());
  if (!match) return undefined;
  const port = Number(match[3]);
  if (port > 65_535) return undefined;
  const hasHost = text.includes(':');
  return { host: match[1] ?? (match[2] || (hasHost ? '0.0.0.0' : '127.0.0.1')), port };
}

export function formatListenAddress(address: ListenAddress): string {
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Only this very machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
