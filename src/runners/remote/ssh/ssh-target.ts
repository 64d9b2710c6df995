/** Where to connect and as whom: everything that makes two connections the same, or not. */
import { createHash } from 'node:crypto';

/**
 * `strict`: only hosts that are known. `accept-new`: a host that is seen for the first time is written down, from then
 * on its key may not change. `off`: any key, always, a changed one too; whoever stands in the way can then listen.
 */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'off';

export interface SshKey {
  /** Text of the private key: OpenSSH, PEM (PKCS#1, SEC1, PKCS#8) or PuTTY. */
  readonly text: string;
  /** Where it is from, for messages: `private_key`, `/home/stanley/.ssh/id_ed25519`. */
  readonly from: string;
  readonly passphrase?: string;
  /** True where a key that cannot be used is passed over (those of ssh_config, which an agent may hold as well). */
  readonly isOptional?: boolean;
}

/** Tried in this order: keys, agent, password (also as the answer to keyboard-interactive). */
export interface SshCredentials {
  readonly keys?: readonly SshKey[];
  /** Path of the socket of an agent. */
  readonly agent?: string;
  readonly password?: string;
}

/** A host on the way, whose sshd forwards to the next. */
export interface SshHop {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly credentials: SshCredentials;
}

export interface SshTarget extends SshHop {
  /** Also that of the bastions; each is held against its own entry. */
  readonly hostKeys: HostKeyPolicy;
  /** From here outwards: the first is connected from this machine, the last connects to the host. */
  readonly bastions: readonly SshHop[];
  /** known_hosts files that are read besides the product's own, which alone is written. */
  readonly knownHosts?: readonly string[];
  /** For all of it: names, bastions, handshake, authentication. */
  readonly connectTimeoutMs: number;
}

/** Equal for targets that may share a connection. A digest: it holds no secret in clear. */
export function targetIdentity(target: SshTarget): string {
  const parts = [target.hostKeys, target.knownHosts ?? [], ...[...target.bastions, target].map(hopParts)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function hopParts({ host, port, user, credentials }: SshHop): unknown[] {
  const keys = (credentials.keys ?? []).map((key) => [key.text, key.passphrase, key.isOptional]);
  return [host, port, user, keys, credentials.agent, credentials.password];
}

/** `stanley@web1:22`, `stanley@[2001:db8::1]:22`; for people. */
export function hopName({ host, port, user }: SshHop): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The name of the target with its way: `stanley@web1:22 (through stanley@gate:22)`. */
export function targetName(target: SshTarget): string {
  if (target.bastions.length === 0) return hopName(target);
  return `${hopName(target)} (through ${target.bastions.map(hopName).join(', ')})`;
}

/** The last bastion as a target of its own, reached through those before it. */
export function lastBastion(target: SshTarget): SshTarget | undefined {
  const last = target.bastions.at(-1);
  return last && { ...target, ...last, bastions: target.bastions.slice(0, -1) };
}
