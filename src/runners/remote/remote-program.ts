/**
 * What runs on the remote host. The command line that sshd is given is a constant: everything that could be secret (the
 * command, its environment, passwords) goes over standard input, because every user of the host can read command lines.
 *
 * On standard input comes, with sudo, the password; then one line, the program below as shell text; then the command with its
 * environment, so many bytes. After that, standard input is what holds the command alive: when it ends (the server wants the
 * command to stop, the connection broke, the server died) the whole process group of the command gets TERM and, after the
 * grace period, KILL.
 *
 * The line is read by `read`, because that is all a shell promises to read no further than it says. It does so a byte at a
 * time, 5 µs each, so the command is read by `head`, which may read further: nothing follows but the end. It works in any POSIX
 * shell; the login shell only has to understand `exec` and single quotes, as csh and fish do too.
 */
import { shellQuote } from '../local/as-user.ts';

/** The line that is the program begins with this; a password that sudo had no use for does not. */
const mark = ': stormtail remote program;';

/** The last of the input: half a command is none, and may be a terrible one (`rm -rf /tmp/x` is cut anywhere). */
const endMark = ' stormtail: this was all of it';

const reader = `while IFS= read -r s; do case $s in "${mark}"*) eval "$s"; exit;; esac; done; exit 255`;

/** Constant text for the exec request. Without a password, sudo must not ask. */
export function remoteCommandLine(sudo: 'no' | 'without password' | 'with password'): string {
  const shell = `/bin/sh -c '${reader}'`;
  if (sudo === 'no') return `exec ${shell}`;
  return `exec sudo -E ${sudo === 'with password' ? '-S -p ""' : '-n'} -- ${shell}`;
}

export interface RemoteProgram {
  /** Shell text. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly killGraceMs: number;
  /** After this the host itself stops the command, in case nobody can tell it to any more. */
  readonly timeoutMs: number;
  /** Removed at the end, however it comes. */
  readonly directory?: string;
}

/** What goes to standard input before it is left open. */
export function remoteInput(program: RemoteProgram, sudoPassword?: string): string {
  const payload = payloadText(program);
  const text = programText(program, Buffer.byteLength(payload));
  const input = `${mark} n=$(echo; echo .); n=\${n%.}; eval ${oneLine(text)}\n${payload}`;
  return sudoPassword === undefined ? input : `${sudoPassword}\n${input}`;
}

function payloadText({ command, environment, cwd }: RemoteProgram): string {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  // The command last, as it is: whatever it leaves open (a here document, a comment) ends with it.
  return ['exec 4<&-', ...exports, `cd -- ${shellQuote(cwd)} || exit 1`, command + endMark].join('\n');
}

/**
 * `c` is the command, which leads a session of its own; `w` waits for the end of standard input; `d` is the deadline.
 * They hold neither stdout nor stderr, so that the end of these is the command's. The shell's own messages about children
 * that were killed are nobody's output. `setsid` is there on every Linux; perl and python3 stand in for it elsewhere. With
 * none of them a shell that can give the command a group of its own does, and else only the command's shell is signalled.
 * `--norc`: the login shell has read `.bashrc` already, and bash would again, because it was started by sshd.
 */
function programText({ killGraceMs, timeoutMs, directory }: RemoteProgram, payloadBytes: number): string {
  return `
exec 3<&0 </dev/null
payload=$(head -c ${payloadBytes} <&3 2>/dev/null || dd bs=1 count=${payloadBytes} <&3 2>/dev/null)
case $payload in *'${endMark}') payload=\${payload%'${endMark}'} ;; *) exit 255 ;; esac
shell=/bin/sh
options=
has() { command -v "$1" >/dev/null 2>&1; }
if has bash; then shell=bash options=--norc; fi
leader() {
  if has setsid; then exec setsid "$@"; fi
  if has perl; then exec perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV' -- "$@"; fi
  if has python3; then exec python3 -c 'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' "$@"; fi
  exec "$@"
}
has setsid || has perl || has python3 || set -m 2>/dev/null
leader "$shell" $options -c 'eval "$(cat <&4)"' "$shell" 3<&- 4<<stormtail_payload &
$payload
stormtail_payload
c=$!
exec >/dev/null 2>&1
signal() {
  kill "-$1" "-$c" || kill "-$1" "$c"
  if has pkill; then pkill "-$1" -s "$c"; fi
}
stop() {
  trap '' TERM
  signal TERM
  left=${Math.ceil(killGraceMs / 100)}
  while [ "$left" -gt 0 ] && kill -0 "-$c"; do
    sleep 0.1 || { sleep 1; left=$((left - 9)); }
    left=$((left - 1))
  done
  signal KILL
}
( while read -r line; do :; done <&3; stop ) &
w=$!
( trap 'kill "$p"; exit' TERM; sleep ${Math.ceil(timeoutMs / 1000)} 3<&- & p=$!; wait "$p" && kill -0 $$ && stop ) 3<&- &
d=$!
exec 3<&-
wait "$c"
status=$?
kill "$w" "$d"
wait
${directory === undefined ? '' : `cd /; rm -rf -- ${shellQuote(directory)}\n`}exit "$status"
`;
}

/** A word that a shell reads back as this text, without a newline in it: `$n` is one. */
function oneLine(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : shellQuote(line)))
    .join('"$n"');
}
