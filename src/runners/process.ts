/**
 * A process of an execution: what to start, how it ended. Started by `runners/local/local-processes.ts`, which writes its
 * output and its end to files, so that both survive the server.
 */
import type { Clock } from '../base/clock.ts';

export interface ProcessPlan {
  /** Program and arguments; found on the PATH of `environment`. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute; must exist. */
  readonly cwd: string;
  /** What the process reads on standard input; else it is empty. Never touches an argument list or a named file. */
  readonly stdin?: string;
  /** Standard input stays open after `stdin` was read, for what is sent later. `stdin` is then short: `inputPieceBytesMax`. */
  readonly isInputOpen?: true;
  /** What the process reads on descriptor 3, whatever its length; only with `isInputOpen`. */
  readonly sideInput?: string;
  /** The process is given a terminal of this size; its standard error goes there too. Only with `isInputOpen`. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly limits?: ProcessLimits;
  /** It is a Python action, `stdin` is its order: so a resident interpreter can fork it, which saves most of its start. */
  readonly python?: PythonStart;
  readonly timeoutMs: number;
  /** Environment variable that names the file for its result, for a process that hands one over. */
  readonly resultVariable?: string;
  /** A result file longer than this is not read; 16 MiB where it is not said. */
  readonly resultBytesMax?: number;
  /** The process may run as another user, so signals have to go through sudo. */
  readonly signalsNeedSudo: boolean;
}

/** What has to be the same for two actions to be forked by the same resident interpreter. */
export interface PythonStart {
  /** Interpreter and fork server. */
  readonly argv: readonly string[];
  /** What can take effect only when an interpreter starts. The action's own is in its plan. */
  readonly environment: Readonly<Record<string, string>>;
  /** To be imported before. What does not exist is left out. */
  readonly modules: readonly string[];
  /** Changes when what was imported is no longer what is on the disk. */
  readonly stamp: string;
}

/** What the process and everything it starts may use; what is not said is as the server's own. */
export interface ProcessLimits {
  /** Length of any file it writes. */
  readonly fileBytesMax?: number;
  /** Processes of its user. */
  readonly processesMax?: number;
  /** Of one process. */
  readonly cpuSecondsMax?: number;
  /** Address space of one process. */
  readonly memoryBytesMax?: number;
  readonly openFilesMax?: number;
}

/** Why the server stopped a process. */
export type StopReason = 'timeout' | 'cancel' | 'storage_full';

export interface ProcessEnd {
  /** 0 to 255; undefined where it was never written down: the shell that does so was killed, or what it waits for cannot be. */
  readonly exitCode: number | undefined;
  /** Name of the signal that ended it, as far as is known. */
  readonly signal: string | undefined;
  readonly stopped: StopReason | undefined;
  /** Content of the file that a Python action leaves its result in. */
  readonly resultFile: string | undefined;
  /** In place of `resultFile` where that is longer than `resultBytesMax`: how long it is, and its last few characters. */
  readonly resultCut?: { readonly bytes: number; readonly tail: string };
  /** It was to be stopped, and some of it did not even die of KILL: it runs as another user, whom sudo does not let us reach. */
  readonly unkilled?: true;
  /** Microseconds since 1970. */
  readonly endUs: number;
  readonly timeoutMs: number;
}

/** Bytes that a pipe takes as a whole or not at all (`PIPE_BUF` of Linux; POSIX demands 512). */
export const inputPieceBytesMax = process.platform === 'linux' ? 4096 : 512;

/**
 * What became of input. `full`: nothing was taken, as what was sent before is not read yet. `ended`: its input has been
 * ended, or it is over. `closed`: it was started without an input that stays open.
 */
export type InputAnswer = 'taken' | 'full' | 'ended' | 'closed';

/** A process that was started, or taken over after a restart. */
export interface ProcessHandle {
  /** Of the command, and of the process group that it leads. */
  readonly pid: number;
  /** As planned when it was started. */
  readonly timeoutMs: number;
  /**
   * Resolves when the process is gone and, after `stop`, its whole group too. What it left running in its group is given a
   * moment to finish, as it may hold the last lines of the output. Rejects only where it left a result that cannot be read.
   */
  readonly ended: Promise<ProcessEnd>;
  /** TERM to the group; KILL after the grace period to whatever is left. Repeating it changes nothing. */
  stop(reason: StopReason, graceMs: number): void;
  /** Puts at most `inputPieceBytesMax` bytes on its standard input. Never waits. Throws what the file system throws. */
  sendInput(piece: Uint8Array): InputAnswer;
  /**
   * Ends its standard input; in a terminal, as Ctrl-D does: what reads there reads an end, and further input can follow.
   * Never waits.
   */
  endInput(): InputAnswer;
}

export interface ProcessOptions {
  readonly executionId: string;
  readonly directory: string;
  readonly clock: Clock;
}

/** `gone`: neither exit status nor process is left. `never started`: it never was, and what was asked for never will be. */
export type Adopted = ProcessHandle | 'gone' | 'never started';

/** Starts and adopts processes; `runners/local/local-processes.ts` does it on this machine. */
export interface Processes {
  /** Fault `start_failed` where the system refuses; nothing runs then, nor will. */
  start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle>;
  /**
   * Takes over what an earlier server started, with what it wrote down then: a pack that changed meanwhile changes nothing
   * for a process that runs.
   */
  adopt(options: ProcessOptions): Adopted;
  /** The same; `plan` counts only where nothing was written down. */
  adopt(plan: ProcessPlan | undefined, options: ProcessOptions): Adopted;
}

/** The action's output for its result, bounded: see `stormtail.result_bytes_max`. */
export interface KeptOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes left out of either, 0 where the text is whole. */
  readonly stdoutCutBytes: number;
  readonly stderrCutBytes: number;
}
