/**
 * What the shells say to each other that keep slots warm: the program of the nursery, which forks slots; the program of a
 * slot; and the order that a slot gets for one execution. All of it is for bash 5 or newer.
 *
 * A slot runs one command at a time, as a background job that it waits for, with job control on. So every command leads a
 * process group of its own, whose id is its pid and which the slot is not in: a signal to the group meets neither the slot
 * nor what an earlier command left running. Job control is also what makes bash say of every signal that its command died
 * of it. There is no terminal in this: the nursery leads a session that has none.
 *
 * Orders come over the slot's standard input: the length in six digits, then that many bytes of script. Bash reads that in
 * blocks, while a script on its standard input it reads byte by byte.
 */
import { join } from 'node:path';
import type { ProcessOptions, ProcessPlan } from '../process.ts';
import { shellQuote } from './as-user.ts';
import { commandLine } from './command-line.ts';
import { limitLines } from './limit-lines.ts';
import { plainCommandLines } from './plain-command.ts';
import { factsText } from './start-files.ts';

/** What fits into a pipe or socket at once, so that writing it never waits; a longer one goes by the launcher. */
export const orderBytesMax = 60_000;

/**
 * Argument: how many slots there may be. Of slot n the orders come on file descriptor n + 3. Input is a line per slot to
 * fork, with its number; each is answered with `slot <n> <pid>`. When the server is gone, all inputs are at their end: then
 * the nursery goes, and each slot after what it runs.
 */
export const nurseryProgram = `
((BASH_VERSINFO[0] >= 5)) || exit 1
unset PWD OLDPWD SHLVL _
# Bytes are counted, not characters. Not exported: a command meets it as little as everything else of this.
LC_ALL=C
export -n LC_ALL PATH
stormtail_close=
for ((stormtail_n = 0; stormtail_n < $1; stormtail_n++)); do stormtail_close+=" $((stormtail_n + 3))<&-"; done
set --
stormtail_slot() {
  set -m
  trap '' HUP INT TERM PIPE
  while IFS= read -r -N 6 stormtail_n && IFS= read -r -N "$stormtail_n" stormtail_order; do
    eval "$stormtail_order"
  done
  exit
}
# Directory, execution, facts, and the file for standard input, where there is one.
stormtail_run() {
  # Only one leader can make the file: an execution is started once, also where a server died between asking for it and
  # hearing of it. A server that gives a start up makes the file itself.
  set -C
  { : >"$1/status"; } 2>/dev/null || { set +C; echo "taken $2"; return; }
  set +C
  # By this file as its standard error the leader is recognised: it is that until the end is written down and told.
  exec 2>>"$1/status" 4<"\${4:-/dev/null}"
  # A command is born with all signals as usual. At any other time, what signals the leader cannot be meant for it.
  trap - HUP INT TERM PIPE
  stormtail_action &
  trap '' HUP INT TERM PIPE
  exec 4<&-
  printf 'pid %s\\nplan %s\\ngroup %s\\n' "$BASHPID" "$3" "$!" >&2
  # The server may be gone by now: then nobody hears it, and the command runs all the same.
  echo "started $2 $BASHPID $!"
  # A command that is only stopped is not at its end. Not "wait -f": bash 5.2 is busy all the time that a job is stopped, may
  # tell another exit status then, and now and then waits for ever for one that it has forgotten.
  set -- "$2" "$!"
  while wait "$2"; set -- "$1" "$2" "$?"; [[ $3 == 1[45]? ]] && kill -0 "$2" 2>/dev/null; do sleep 0.2; done
  set -- "$1" "$3"
  # Nothing may come after the exit status, which is the last line of the file.
  echo "exit $2" >&2
  echo "ended $1 $2" 2>/dev/null
  exec 2>/dev/null
}
set -m
echo ready
while read -r stormtail_n; do
  eval "{ exec <&$((stormtail_n + 3)) $stormtail_close; stormtail_slot; } &"
  echo "slot $stormtail_n $!"
  disown -a
done
`;

/** The slot ends, when it is done with what came before. */
export const endOrder = framed(Buffer.from('exit'));

/** `input`: path of the file for standard input, where there is one. Fault `start_failed`: see `commandLine`. */
export function slotOrder(
  plan: ProcessPlan,
  { directory, executionId }: ProcessOptions,
  environment: Readonly<Record<string, string>>,
  input: string | undefined,
): Buffer {
  const at = (name: string) => shellQuote(join(directory, name));
  const { exported, argv } = commandLine(plan.argv, environment);
  let script = 'stormtail_action() {\n';
  // One command for all of them: bash writes each command down again before it does it.
  const assignments = Object.entries(exported).map(([name, value]) => `${name}=${shellQuote(value)}`);
  if (assignments.length > 0) script += `export ${assignments.join(' ')}\n`;
  script += `exec <&4 4<&- >>${at('stdout')} 2>>${at('stderr')} || exit 1\n`;
  for (const line of limitLines(plan.limits)) script += `${line}\n`;
  // What goes wrong here, the action's stderr tells.
  const lines = plainCommandLines(argv);
  if (lines)
    script += `cd -P -- ${shellQuote(plan.cwd)} || exit\n${lines.join('\n')}\nexec ${argv.map(shellQuote).join(' ')}\n}\n`;
  else script += `cd -- ${shellQuote(plan.cwd)} && exec ${argv.map(shellQuote).join(' ')}\n}\n`;
  const facts = shellQuote(factsText(plan));
  script += `stormtail_run ${shellQuote(directory)} ${executionId} ${facts}${input === undefined ? '' : ` ${shellQuote(input)}`}`;
  return framed(Buffer.from(script));
}

function framed(script: Buffer): Buffer {
  return Buffer.concat([Buffer.from(String(script.length).padStart(6, '0')), script]);
}
