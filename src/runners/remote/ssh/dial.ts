/**
 * From a target to a connection that has logged in: name, TCP or a bastion's forward, the host's key, credentials. All of
 * it under one deadline; whatever fails is told apart here (`ssh-error.ts`).
 */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { messageOf, systemCode } from '../../../base/errors.ts';
import { type Authentication, prepareAuthentication } from './authentication.ts';
import type { HostKeyCheck, KnownHosts } from './known-hosts.ts';
import { loadSsh2 } from './ssh2.ts';
import { SshConnection } from './ssh-connection.ts';
import { SshError, type SshProblem } from './ssh-error.ts';
import { hopName, type SshTarget } from './ssh-target.ts';

const keepalivesMissedMax = 3;
/** Per address of a name that has several. Node's quarter of a second gives up on hosts behind a slow line. */
const addressAttemptMs = 3_000;

/** What goes on, for the message when time is up. */
export interface Progress {
  stage: string;
}

export interface DialOptions {
  readonly hosts: KnownHosts;
  /** Aborted, with the error to throw as its reason. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** A peer that was silent for four of these is given up: a firewall that forgot us, a host without power. */
  readonly keepaliveMs: number;
  /** A stream to the target through its bastions; undefined where it is connected from here. */
  readonly through: Duplex | undefined;
}

export async function dial(target: SshTarget, options: DialOptions): Promise<SshConnection> {
  const { hosts, signal, progress, through, keepaliveMs } = options;
  try {
    const check = await hosts.checkFor(target.host, target.port, target.hostKeys, target.knownHosts);
    const authentication = await prepareAuthentication(target);
    const { Client } = await loadSsh2();
    signal.throwIfAborted();
    progress.stage = 'it did not answer';
    const stream = through ?? (await connectSocket(target, signal));
    const client = new Client();
    await logIn(client, { target, stream, check, authentication, keepaliveMs, signal, progress });
    return new SshConnection(client, stream, hopName(target));
  } catch (error) {
    through?.destroy();
    throw error;
  }
}

async function connectSocket(target: SshTarget, signal: AbortSignal): Promise<Socket> {
  const { host, port } = target;
  const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: addressAttemptMs });
  const give = (): void => {
    socket.destroy(signal.reason);
  };
  signal.addEventListener('abort', give, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : unconnected(target, error);
  } finally {
    signal.removeEventListener('abort', give);
    socket.removeAllListeners('error');
    socket.on('error', () => {}); // the library listens too; between us and it, an error must not be an uncaught one
  }
}

function unconnected(target: SshTarget, error: unknown): SshError {
  const code = systemCode(error) ?? '';
  const say = (problem: SshProblem, text: string): SshError =>
    new SshError(problem, `${hopName(target)} cannot be connected: ${text}`, { cause: error });
  if (code === 'ENOTFOUND') return say('dns', `there is no host named ${JSON.stringify(target.host)}`);
  if (code.startsWith('EAI_')) return say('dns', `the name ${JSON.stringify(target.host)} was not resolved (${code})`);
  if (code === 'ECONNREFUSED') return say('refused', `nothing listens on port ${target.port} (connection refused)`);
  if (code === 'ETIMEDOUT') return say('timeout', 'no answer (ETIMEDOUT)');
  return say('refused', messageOf(error));
}

interface LogIn {
  readonly target: SshTarget;
  readonly stream: Duplex;
  readonly check: HostKeyCheck;
  readonly authentication: Authentication;
  readonly keepaliveMs: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

function logIn(client: Client, options: LogIn): Promise<void> {
  const { target, stream, authentication, signal, progress } = options;
  let phase: 'handshake' | 'login' = 'handshake';
  let badKey: SshError | undefined;
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      signal.removeEventListener('abort', abort);
      client.removeAllListeners();
      // The library goes on to emit, and an `error` that nobody hears would end the process.
      client.on('error', () => {});
      if (error === undefined) {
        resolve();
        return;
      }
      stream.destroy();
      reject(error);
    };
    const abort = (): void => settle(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    client.on('greeting', () => {});
    client.on('handshake', () => {
      phase = 'login';
      progress.stage = 'it did not finish the login';
    });
    client.on('change password', () => settle(authentication.refusal('the password has expired and must be changed')));
    client.on('ready', () => settle());
    client.on('close', () => settle(badKey ?? closedEarly(target, phase, authentication)));
    client.on('error', (error: Error & { level?: string; code?: unknown }) => {
      if (error.level === 'agent') authentication.note(`the agent failed: ${error.message}`);
      else settle(badKey ?? classify(target, phase, authentication, error));
    });
    progress.stage = 'it accepted the connection and did not finish the SSH handshake';
    const verifyHost = (key: Buffer, verified: (isGood: boolean) => void): void => {
      options.check.verify(key).then(
        (error) => {
          badKey = error;
          verified(error === undefined);
        },
        (error: unknown) => settle(error),
      );
    };
    client.connect(configOf(options, verifyHost));
  });
}

function configOf(options: LogIn, hostVerifier: NonNullable<ConnectConfig['hostVerifier']>): ConnectConfig {
  const { target, stream, check, authentication } = options;
  const algorithms = hostKeyAlgorithms(check.knownTypes);
  return {
    sock: stream,
    username: target.user,
    // Types promise lists and flags; the first call has neither.
    authHandler: (methodsLeft, isPartial, next) => {
      const method = authentication.next(methodsLeft, isPartial);
      // `false` ends it; the types leave it out.
      next(method as Exclude<typeof method, false>); // see above
    },
    hostVerifier,
    // One deadline holds for everything (see `signal`).
    readyTimeout: 0,
    keepaliveInterval: options.keepaliveMs,
    keepaliveCountMax: keepalivesMissedMax,
    ...(algorithms && { algorithms: { serverHostKey: algorithms } }),
  };
}

/** As the library offers them when it is asked for nothing. */
const offered: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** Those of the keys that we know first: a host with several keys then shows one that can be compared. */
function hostKeyAlgorithms(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] | undefined {
  if (knownTypes.length === 0) return undefined;
  const isKnown = (name: string): boolean =>
    knownTypes.includes(name) || (name.startsWith('rsa-sha2-') && knownTypes.includes('ssh-rsa'));
  return [...offered.filter(isKnown), ...offered.filter((name) => !isKnown(name))];
}

function classify(
  target: SshTarget,
  phase: 'handshake' | 'login',
  authentication: Authentication,
  error: Error & { level?: string; code?: unknown },
): SshError {
  const name = hopName(target);
  if (error.level === 'client-authentication') return authentication.refusal();
  // A number is the reason that the host gave for ending it (RFC 4253 §11.1).
  if (phase === 'login' && typeof error.code === 'number') return authentication.refusal(error.message);
  if (/before handshake/.test(error.message) || error.level === 'client-socket') {
    return new SshError('lost', `${name} closed the connection during the SSH handshake: ${closedHint(error)}`, {
      cause: error,
    });
  }
  if (phase === 'handshake') {
    const text = `no SSH session could be agreed on with ${name}: ${error.message}`;
    return new SshError('incompatible', text, { cause: error });
  }
  return new SshError('lost', `the connection to ${name} was lost during the login: ${error.message}`, {
    cause: error,
  });
}

function closedHint(error: Error & { level?: string }): string {
  return error.level === 'client-socket'
    ? error.message
    : 'it said nothing (an sshd with too many logins under way does so: MaxStartups; or it is no SSH server)';
}

function closedEarly(target: SshTarget, phase: 'handshake' | 'login', authentication: Authentication): SshError {
  if (phase === 'login') return authentication.refusal('(it closed the connection)');
  return new SshError('lost', `${hopName(target)} closed the connection during the SSH handshake`);
}
