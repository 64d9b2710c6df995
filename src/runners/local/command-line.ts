/**
 * How a shell hands an environment to a command without changing it: most variables it can export; those that no shell can
 * export, or that mean something to the shell itself, go by env(1).
 */
import { Fault } from '../../base/errors.ts';
import { envPath } from './programs.ts';

export interface CommandLine {
  readonly exported: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
}

/** Fault `start_failed` where there is no way. */
export function commandLine(argv: readonly string[], environment: Readonly<Record<string, string>>): CommandLine {
  // Without a prototype: a variable may be called __proto__.
  const exported: Record<string, string> = Object.create(null);
  const assigned: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !ownToShells.has(name) && !name.startsWith('BASH'))
      exported[name] = value;
    else assigned.push(`${name}=${value}`);
  }
  if (assigned.length === 0) return { exported, argv };
  if (argv[0]?.includes('=')) {
    // To env it would be one more variable.
    const names = assigned.map((each) => each.slice(0, each.indexOf('='))).join(', ');
    throw new Fault(
      'start_failed',
      `a program with "=" in its path (${argv[0]}) cannot be given these variables: ${names}`,
    );
  }
  return { exported, argv: [envPath, '--', ...assigned, ...argv] };
}

/** Variables that a shell does not let a script set, changes itself, or reads the rest of the script by. */
const ownToShells: ReadonlySet<string> = new Set([
  'CDPATH',
  'COMP_WORDBREAKS',
  'DIRSTACK',
  'ENV',
  'EPOCHREALTIME',
  'EPOCHSECONDS',
  'EUID',
  'EXECIGNORE',
  'FUNCNAME',
  'FUNCNEST',
  'GLOBIGNORE',
  'GROUPS',
  'HISTCMD',
  'IFS',
  'IGNOREEOF',
  'LINENO',
  'OLDPWD',
  'OPTARG',
  'OPTERR',
  'OPTIND',
  'PIPESTATUS',
  'POSIXLY_CORRECT',
  'PPID',
  'PWD',
  'RANDOM',
  'SECONDS',
  'SHELLOPTS',
  'SHLVL',
  'SRANDOM',
  'UID',
  '_',
]);
