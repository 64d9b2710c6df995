/**
 * What is known of the client's connection: its address and whether it is encrypted. A proxy on this very machine is
 * believed when it speaks for its clients; anybody else's `X-Forwarded-*` is ignored, for anybody can send them.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

export interface ClientConnection {
  readonly address: string;
  readonly isEncrypted: boolean;
  /** Comes from this machine, and no proxy says otherwise. */
  readonly isLocal: boolean;
}

export function clientConnection(request: IncomingMessage): ClientConnection {
  const peer = request.socket.remoteAddress ?? '';
  const isFromHere = isLoopback(peer);
  const forwarded = isFromHere ? lastOf(request.headers['x-forwarded-for']) : undefined;
  const address = forwarded ?? peer;
  return {
    address,
    isEncrypted:
      request.socket instanceof TLSSocket || (isFromHere && lastOf(request.headers['x-forwarded-proto']) === 'https'),
    isLocal: isFromHere && isLoopback(address),
  };
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/** Proxies append: the last entry is what the one before us saw, earlier ones are hearsay. */
function lastOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.at(-1) : header;
  return text?.split(',').at(-1)?.trim() || undefined;
}
