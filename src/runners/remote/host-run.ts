/**
 * One host of an execution, once it is connected: files there, the command, its output as it comes, its end. What was begun
 * is stopped when it is told to or out of time; what was copied is removed, whatever happens.
 */
import { Fault, messageOf } from '../../base/errors.ts';
import type { StopReason } from '../process.ts';
import type { RunIo } from '../runner.ts';
import { CommandEnd } from './command-end.ts';
import type { HostEnd, HostOutput } from './host-result.ts';
import type { HostWork, ScriptFiles } from './host-work.ts';
import { remoteInput } from './remote-program.ts';
import { makeNewDirectory, removePath, uploadDirectory, uploadFile } from './ssh/remote-files.ts';
import type { ExecOptions, SshChannel } from './ssh/ssh-channel.ts';
import { isSshError } from './ssh/ssh-error.ts';
import type { SshLease } from './ssh/ssh-pool.ts';

/** A command that nobody can stop from here any more stops itself this long after it should have been stopped. */
const ownDeadlineMs = 30_000;
/** To remove what was copied. */
const removalMs = 10_000;

export interface HostRun {
  readonly lease: SshLease;
  readonly work: HostWork;
  /** As its output is marked. */
  readonly host: string;
  readonly output: HostOutput;
  readonly io: RunIo;
}

/** Its time runs from now. Throws only what is our own mistake. */
export async function runOnHost(run: HostRun): Promise<HostEnd> {
  const { work, io } = run;
  const deadline = new AbortController();
  const cancelDeadline = io.clock.after(work.program.timeoutMs, () => deadline.abort('timeout'));
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  let end: HostEnd | undefined;
  let isMade = false;
  const made = (): void => {
    isMade = true;
  };
  try {
    end = (await copyFiles(run, signal, made)) ?? (await execute(run, signal));
    return end;
  } finally {
    cancelDeadline();
    // The program removes it at its end; but sudo may not have let it begin, or nobody got to ask for it.
    const isRemoved = end?.kind === 'exited' && end.code === 0;
    if (work.files && isMade && !isRemoved) await removeFiles(run, work.files);
  }
}

/** `made` is called when the directory is there and ours. */
async function copyFiles(
  { lease, work: { files } }: HostRun,
  signal: AbortSignal,
  made: () => void,
): Promise<HostEnd | undefined> {
  if (!files) return undefined;
  try {
    await makeNewDirectory(lease, files.directory, signal);
    made();
    await uploadFile(lease, { path: files.script.from }, files.script.to, 0o744, signal);
    if (files.lib) await uploadDirectory(lease, files.lib.from, files.lib.to, signal);
    return undefined;
  } catch (error) {
    return endBy(error, 'copying', signal);
  }
}

async function execute({ lease, work, host, output, io }: HostRun, signal: AbortSignal): Promise<HostEnd> {
  if (signal.aborted) return { kind: 'stopped', reason: stopReason(signal) };
  const { killGraceMs } = io;
  const timeoutMs = work.program.timeoutMs + killGraceMs + ownDeadlineMs;
  let command: CommandEnd | undefined;
  let isOver = false;
  const receive = (type: 'stdout' | 'stderr') => (bytes: Uint8Array) => {
    if (isOver) return;
    command?.hear();
    output[type].add(bytes);
    io.write(type, bytes, host);
  };
  let channel: SshChannel;
  try {
    const listeners = { onStdout: receive('stdout'), onStderr: receive('stderr') };
    channel = await begin(lease, work.commandLine, listeners, signal);
  } catch (error) {
    return endBy(error, 'running', signal);
  }
  using followed = new CommandEnd(channel, io.clock);
  command = followed;
  const stop = (): void => followed.stop(killGraceMs);
  signal.addEventListener('abort', stop, { once: true });
  try {
    // A command that is gone does not read it; how it went is seen below.
    void channel.write(remoteInput({ ...work.program, killGraceMs, timeoutMs }, work.sudoPassword));
    if (signal.aborted) stop();
    const { exitCode, signal: killedBy } = await followed.over;
    if (followed.wasStopped) {
      const note = 'the host did not say that it is over, so some of it may still run there';
      const isKnown = exitCode !== undefined || killedBy !== undefined;
      return { kind: 'stopped', reason: stopReason(signal), ...(!isKnown && { note }) };
    }
    if (killedBy !== undefined) return { kind: 'killed', signal: killedBy };
    if (exitCode !== undefined) return { kind: 'exited', code: exitCode };
    return { kind: 'failed', during: 'running', message: 'the host ended it without saying how' };
  } catch (error) {
    return endBy(error, 'running', signal);
  } finally {
    isOver = true;
    signal.removeEventListener('abort', stop);
  }
}

/**
 * A connection that was kept may have broken unnoticed. What it was asked to run does nothing before it has read the program,
 * so whether it was begun or not, it may be asked for again.
 */
async function begin(
  lease: SshLease,
  commandLine: string,
  listeners: ExecOptions,
  signal: AbortSignal,
): Promise<SshChannel> {
  try {
    return await lease.exec(commandLine, listeners, signal);
  } catch (error) {
    if (!isSshError(error, 'lost') || signal.aborted) throw error;
    return lease.exec(commandLine, listeners, signal);
  }
}

/** Best effort: where the connection is gone, the program on the host has removed them by then, at the end of its input. */
async function removeFiles({ lease, io }: HostRun, { directory }: ScriptFiles): Promise<void> {
  const abandon = new AbortController();
  const cancel = io.clock.after(removalMs, () => abandon.abort());
  try {
    await removePath(lease, directory, abandon.signal);
  } catch {
    // What root left there, only the program could remove, and did; nobody is helped by an error that hides the real one.
  } finally {
    cancel();
  }
}

/** Of what was thrown on the way. A stop breaks off whatever is under way, so it comes first. */
export function endBy(error: unknown, during: 'connecting' | 'copying' | 'running', signal: AbortSignal): HostEnd {
  if (signal.aborted) return { kind: 'stopped', reason: stopReason(signal) };
  if (!(error instanceof Fault)) throw error;
  return { kind: 'failed', during, message: messageOf(error) };
}

function stopReason(signal: AbortSignal): StopReason {
  const { reason } = signal;
  return reason === 'timeout' || reason === 'storage_full' ? reason : 'cancel';
}
