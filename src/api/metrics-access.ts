/**
 * Who may read `/metrics` (docs/decisions/0017-metrics.md): this machine, while nobody else can reach the server anyway;
 * the addresses that the settings name; who brings the token of the settings, or credentials as for any other request.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { Fault } from '../base/errors.ts';
import { authenticate } from '../operations/authenticate.ts';
import type { Context } from '../operations/context.ts';
import { findCredential } from './credentials.ts';
import type { RouteRequest } from './route.ts';

export interface MetricsAccess {
  /** The server listens on this machine alone. */
  readonly isLoopbackOnly: boolean;
  /** `Authorization: Bearer …` opens too. */
  readonly token: string | null;
  /** Addresses and networks: `10.0.0.7`, `10.0.0.0/24`, `fd00::/8`. */
  readonly allow: readonly string[];
}

/** Fails with `unauthenticated`; with `invalid_config` at once where an address cannot be read. */
export function metricsGuard(
  context: Context,
  access: MetricsAccess,
): (request: Pick<RouteRequest, 'headers' | 'clientAddress' | 'isLocalClient'>) => Promise<void> {
  const allowed = addressList(access.allow);
  const digest = access.token ? digestOf(access.token) : undefined;
  return async ({ headers, clientAddress, isLocalClient }) => {
    if (access.isLoopbackOnly && isLocalClient) return;
    if (isIn(allowed, clientAddress)) return;
    const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (digest && bearer !== undefined && timingSafeEqual(digest, digestOf(bearer))) return;
    await authenticate(context, findCredential(headers, {}));
  };
}

/** Of equal length, so that the comparison tells nothing of the token's. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

export function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', length] = entry.split('/');
    const version = isIP(address);
    const bits = length === undefined ? undefined : Number(length);
    const bitsMax = version === 4 ? 32 : 128;
    if (version === 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= bitsMax)))
      throw new Fault(
        'invalid_config',
        `[metrics] allow: expected addresses such as 10.0.0.7 or 10.0.0.0/24, got "${entry}"`,
      );
    if (bits === undefined) list.addAddress(address, version === 4 ? 'ipv4' : 'ipv6');
    else list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** An address of IPv4 that arrived on a socket of IPv6 is what it was. */
function isIn(list: BlockList, address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
