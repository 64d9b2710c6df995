/**
 * Limits of a process in the words of a shell, which sets them for itself right before it becomes the command: so they hold
 * for the command and all it starts, and for nothing else.
 */
import type { ProcessLimits } from '../process.ts';

/** After the signal that can be caught, in which a program may say that its time is up. */
const cpuGraceSeconds = 5;

/** One line per limit. Where the system's own limit is the lower one, that stays. `blockBytes`: what the shell's `-f` counts in. */
export function limitLines(limits: ProcessLimits | undefined, blockBytes: 512 | 1024 = 1024): readonly string[] {
  if (!limits) return [];
  const { fileBytesMax, processesMax, cpuSecondsMax, memoryBytesMax, openFilesMax } = limits;
  return [
    ...line('f', fileBytesMax && Math.ceil(fileBytesMax / blockBytes)),
    // Dash has another letter for it.
    ...line('u', processesMax, ' || ulimit -p'),
    ...line('n', openFilesMax),
    // SIGXCPU at the limit, which says what happened; SIGKILL for what takes no notice.
    ...(cpuSecondsMax
      ? [`{ ulimit -S -t ${cpuSecondsMax} && ulimit -H -t ${cpuSecondsMax + cpuGraceSeconds}; } 2>/dev/null`]
      : []),
    ...line('v', memoryBytesMax && Math.ceil(memoryBytesMax / 1024)),
  ];
}

/** The command line that runs `argv` within limits, by any POSIX shell. */
export function limitedArgv(argv: readonly string[], limits: ProcessLimits | undefined): readonly string[] {
  const lines = limitLines(limits, 512);
  if (lines.length === 0) return argv;
  return ['/bin/sh', '-c', [...lines, 'exec "$@"'].join('\n'), 'stormtail-limits', ...argv];
}

function line(letter: string, amount: number | undefined, orElse = ''): readonly string[] {
  if (!amount) return [];
  // Only root may raise what is lower already.
  return [
    `{ ulimit -${letter} ${amount}${orElse && `${orElse} ${amount}`} || ulimit -S -${letter} "$(ulimit -H -${letter})"; } 2>/dev/null`,
  ];
}
