/**
 * What the shell does that leads an execution (the leader): a script for bash, sourced by a subshell of the launcher.
 *
 * With job control on, the command leads a process group of its own, of which the leader is no part. So a signal to the
 * group never meets the leader, which always gets to write down how the command ended; and when the command has ended, the
 * group holds exactly what it left running. Job control is also what makes bash say of every signal that its command died of
 * it. There is no terminal in this: the launcher leads a session that has none.
 */
import { join } from 'node:path';
import type { ProcessOptions, ProcessPlan } from '../process.ts';
import { shellQuote } from './as-user.ts';
import { commandLine } from './command-line.ts';
import { factsText } from './start-files.ts';

/** `input`: path of the file for standard input, where there is one. Fault `start_failed`: see `commandLine`. */
export function runScript(
  plan: ProcessPlan,
  { directory, executionId }: ProcessOptions,
  environment: Readonly<Record<string, string>>,
  input: string | undefined,
): string {
  const at = (name: string) => shellQuote(join(directory, name));
  const { exported, argv } = commandLine(plan.argv, environment);
  return [
    // Only one leader can make the file: an execution is started once, also where a launcher or server died between asking
    // for it and hearing of it.
    `set -C; { : >${at('status')}; } 2>/dev/null || { echo "taken ${executionId}"; exit; }; set +C`,
    // By this file as its standard error it is recognised: nothing below may point that elsewhere while the command runs.
    `exec 2>>${at('status')}`,
    `exec 4<${input === undefined ? '/dev/null' : shellQuote(input)}`,
    // Whoever gives the start up removes the order first and then looks for the file: one of the two sees the other.
    `[[ -e ${at('run')} ]] || { echo late >&2; exit; }`,
    `printf '%s\\n' "pid $BASHPID" ${shellQuote(`plan ${factsText(plan)}`)} >&2`,
    'stormtail_action() {',
    'echo "group $BASHPID" >&2',
    ...Object.entries(exported).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    `exec <&4 4<&- >>${at('stdout')} 2>>${at('stderr')} || exit 1`,
    // What goes wrong here, the action's stderr tells.
    `cd -- ${shellQuote(plan.cwd)} && exec ${argv.map(shellQuote).join(' ')}`,
    '}',
    'set -m',
    'stormtail_action &',
    // What signals the leader cannot be meant for it. From here on they are not inherited.
    "trap '' HUP INT TERM PIPE",
    // The server may be gone by now: then nobody hears it, and the command runs all the same. The complaint about that may
    // stand in the status file.
    `echo "started ${executionId} $BASHPID $!"`,
    // A command that is only stopped is not at its end. Older ones (before 5.0) wait for that only without job control.
    'if ((BASH_VERSINFO[0] >= 5)); then wait -f $!; s=$?; else set +m; echo quiet >&2; wait $!; s=$?; fi',
    'echo "exit $s" >&2',
    // Nothing may come after the exit status, which is the last line of the file.
    `echo "ended ${executionId} $s" 2>/dev/null`,
    '',
  ].join('\n');
}
