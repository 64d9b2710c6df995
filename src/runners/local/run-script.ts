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
import { limitLines } from './limit-lines.ts';
import { factsText } from './start-files.ts';
import { inTerminal } from './terminal.ts';

/** Paths of what the command reads, where there is something: see `start-files.ts`. */
export interface InputPaths {
  readonly stdin?: string | undefined;
  readonly side?: string | undefined;
  readonly pipe?: string | undefined;
}

/** Fault `start_failed`: see `commandLine` and `inTerminal`. */
export function runScript(
  plan: ProcessPlan,
  { directory, executionId }: ProcessOptions,
  environment: Readonly<Record<string, string>>,
  input: InputPaths,
): string {
  const at = (name: string) => shellQuote(join(directory, name));
  const { exported, argv } = commandLine(plan.argv, environment);
  const words = argv.map(shellQuote).join(' ');
  const command = plan.terminal ? inTerminal(words, plan.terminal, directory, environment) : words;
  return [
    // Only one leader can make the file: an execution is started once, also where a launcher or server died between asking
    // for it and hearing of it.
    `set -C; { : >${at('status')}; } 2>/dev/null || { echo "taken ${executionId}"; exit; }; set +C`,
    // By this file as its standard error it is recognised: nothing below may point that elsewhere while the command runs.
    `exec 2>>${at('status')}`,
    ...(input.pipe === undefined ? [`exec 4<${shellQuote(input.stdin ?? '/dev/null')}`] : openInput(input.pipe, plan)),
    ...(input.side === undefined ? [] : [`exec 3<${shellQuote(input.side)}`]),
    // Whoever gives the start up removes the order first and then looks for the file: one of the two sees the other.
    `[[ -e ${at('run')} ]] || { echo late >&2; exit; }`,
    `printf '%s\\n' "pid $BASHPID" ${shellQuote(`plan ${factsText(plan)}`)} >&2`,
    'stormtail_action() {',
    'echo "group $BASHPID" >&2',
    ...Object.entries(exported).map(([name, value]) => `export ${name}=${shellQuote(value)}`),
    `exec <&4 4<&- 5<&- >>${at('stdout')} 2>>${at('stderr')} || exit 1`,
    ...limitLines(plan.limits),
    // What goes wrong here, the action's stderr tells.
    `cd -- ${shellQuote(plan.cwd)} && exec ${command}`,
    '}',
    'set -m',
    'stormtail_action &',
    // What signals the leader cannot be meant for it. From here on they are not inherited.
    "trap '' HUP INT TERM PIPE",
    // The server may be gone by now: then nobody hears it, and the command runs all the same. The complaint about that may
    // stand in the status file.
    `echo "started ${executionId} $BASHPID $!"`,
    // A command that is only stopped is not at its end. Older ones (before 5.0) wait for that only without job control.
    'if ((BASH_VERSINFO[0] >= 5)); then f=1; else f=; set +m; echo quiet >&2; fi',
    // A trapped signal ends a wait before its time. Of what ended meanwhile bash tells the exit status again.
    // Not "-f": bash 5.2 is busy all the time that a job is stopped, may tell another exit status then, and now and then waits
    // for ever for one that it has forgotten.
    'p=$!; while t=; wait $p; s=$?; [[ $t ]] || { [[ $f && $s == 1[45]? ]] && kill -0 $p 2>/dev/null && sleep 0.2; }; do :; done',
    ...(plan.terminal ? ['echo "by terminal" >&2'] : []),
    'echo "exit $s" >&2',
    // Nothing may come after the exit status, which is the last line of the file.
    `echo "ended ${executionId} $s" 2>/dev/null`,
    '',
  ].join('\n');
}

/** Descriptor 4 for the command, 5 for the leader, who lets go of it when it is told to by USR1. */
function openInput(pipe: string, { stdin }: ProcessPlan): readonly string[] {
  return [
    `exec 5<>${shellQuote(pipe)}`,
    `exec 4<${shellQuote(pipe)}`,
    "trap 'exec 5<&-; t=1' USR1",
    // Short enough for an empty pipe to take it at once.
    ...(stdin === undefined || stdin === '' ? [] : [`printf %s ${shellQuote(stdin)} >&5`]),
  ];
}
