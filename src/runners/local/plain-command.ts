/**
 * Commands that need no shell to understand them: `bash -c 'df -h /'` starts a bash that becomes `df` in its first act. Where
 * a forked shell is there anyway, it can become `df` itself, which spares the start of the other one: more than half of
 * what a small command costs. Only where the command could not tell the difference, but for the variable `_`, which a bash
 * that starts a program sets to its path; whatever is in doubt is left to a bash.
 */
import { shellQuote } from './as-user.ts';

/**
 * Words that every shell reads as they stand. The first has no `=`, which would be an assignment, and is found on the PATH or is
 * the whole path of a program: of `./x`, `exec` would tell the program another name.
 */
const plainWords = /^(?:\/[\w./:@%+,-]+|[\w.:@%+,-]+)(?: +[\w./:@%+,=-]+)*$/;

/** Of bash's own commands those that do the same in a fork of another bash: they know nothing of the shell they are in. */
const sameAnywhere = new Set([':', 'true', 'false', 'echo']);

/** Words that are bash's own, and those that are in `compgen -b` and `compgen -k` of bash 5.2 but are no plain words. */
const ownToBash = new Set(
  `. alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown do
  done elif else enable esac eval exec exit export fc fg fi for function getopts hash help history if in jobs kill let
  local logout mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test
  then time times trap type typeset ulimit umask unalias unset until wait while`.split(/\s+/),
);

/**
 * Lines for a bash that stands in the directory of the command and has its environment and files: they do what `argv`
 * would, and do not return. Undefined where `argv` is not such a command.
 */
export function plainCommandLines(argv: readonly string[]): readonly string[] | undefined {
  const [shell = '', flag, command = '', ...rest] = argv;
  if (!shell.endsWith('/bash') || flag !== '-c' || rest.length > 0 || !plainWords.test(command)) return undefined;
  const words = command.split(/ +/);
  const [name = ''] = words;
  if (sameAnywhere.has(name)) return [words.map(shellQuote).join(' '), 'exit'];
  if (ownToBash.has(name)) return undefined;
  return [
    // What is not found, or is no program, is a matter for bash: it says so in its own words.
    `if type -P ${shellQuote(name)} >/dev/null && [[ ! -d ${shellQuote(name)} ]]; then`,
    // As a bash that starts makes them for what it becomes.
    'unset OLDPWD; export PWD SHLVL=0',
    `exec ${words.map(shellQuote).join(' ')}`,
    'fi',
  ];
}
