/**
 * Reading ssh_config(5): `Host` blocks and `Include`, into one flat list of options, each with the conditions it stands under.
 * `Match` is beyond what can be decided here (it can run programs): what stands under one is left out, with a warning.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { messageOf, systemCode } from '../../../base/errors.ts';
import { wildcardMatches } from './known-hosts-file.ts';

export interface SshConfigOption {
  /** In lower case: `hostname`. */
  readonly keyword: string;
  readonly values: readonly string[];
  /** Pattern lists of the `Host` lines around it; all must match. */
  readonly conditions: readonly (readonly string[])[];
  /** `/home/stanley/.ssh/config:12`. */
  readonly place: string;
}

export interface SshConfig {
  /** In the order of the file, in which the first that sets something wins. */
  readonly options: readonly SshConfigOption[];
  /** For the log: what was left out, and where. */
  readonly warnings: readonly string[];
}

export const emptySshConfig: SshConfig = { options: [], warnings: [] };

/** As ssh: files that include each other end here. */
const includeDepthMax = 16;

/** A file that is not there is an empty one. `home` is what `~` stands for. */
export async function readSshConfig(path: string, home: string): Promise<SshConfig> {
  const options: SshConfigOption[] = [];
  const warnings: string[] = [];
  const read = async (file: string, around: SshConfigOption['conditions'], depth: number): Promise<void> => {
    const text = await textOf(file, warnings);
    let conditions: SshConfigOption['conditions'] | undefined = around;
    for (const [index, line] of text.split('\n').entries()) {
      const place = `${file}:${index + 1}`;
      const [keyword, ...values] = splitLine(line);
      if (keyword === undefined) continue;
      if (values.length === 0) warnings.push(`${place}: "${keyword}" has no value`);
      else if (keyword === 'host') conditions = [...around, values];
      else if (keyword === 'match' && values.length === 1 && values[0]?.toLowerCase() === 'all') conditions = around;
      else if (keyword === 'match') {
        conditions = undefined;
        warnings.push(`${place}: "Match ${values.join(' ')}" is not supported; what stands under it is left out`);
      } else if (conditions === undefined) continue;
      else if (keyword === 'include') {
        if (depth >= includeDepthMax) warnings.push(`${place}: more than ${includeDepthMax} files include each other`);
        else for (const one of await included(values, path, home)) await read(one, conditions, depth + 1);
      } else options.push({ keyword, values, conditions, place });
    }
  };
  await read(path, [], 0);
  return { options, warnings };
}

/** The pattern list of a `Host` line: one must match, and no negated one. */
export function patternsMatch(patterns: readonly string[], host: string): boolean {
  let isMatch = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) {
      if (wildcardMatches(pattern.slice(1), host)) return false;
    } else isMatch ||= wildcardMatches(pattern, host);
  }
  return isMatch;
}

/** `~` and `~/…`; of other users, nothing is known. */
export function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;
}

/** Keyword in lower case, then the values: separated by blanks or one `=`, in double quotes where they hold blanks. */
function splitLine(line: string): string[] {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return [];
  const [, keyword = '', rest = ''] = /^([^\s=]+)(?:\s*=\s*|\s+)?(.*)$/.exec(trimmed) ?? [];
  const values = [...rest.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted?.replace(/\\(["\\])/g, '$1') ?? plain ?? '',
  );
  const comment = values.findIndex((value) => value.startsWith('#'));
  return [keyword.toLowerCase(), ...(comment === -1 ? values : values.slice(0, comment))];
}

async function textOf(file: string, warnings: string[]): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') warnings.push(`${file} cannot be read: ${messageOf(error)}`);
    return '';
  }
}

async function included(values: readonly string[], configPath: string, home: string): Promise<string[]> {
  const files: string[] = [];
  for (const value of values) {
    const expanded = expandHome(value, home);
    files.push(...(await expandPath(isAbsolute(expanded) ? expanded : join(dirname(configPath), expanded))));
  }
  return files;
}

/** Wildcards in any part, in order of names, as a shell has it. */
async function expandPath(path: string): Promise<string[]> {
  let found = ['/'];
  for (const part of path.split('/').filter((word) => word !== '')) {
    if (!/[*?]/.test(part)) {
      found = found.map((directory) => join(directory, part));
      continue;
    }
    const matches: string[] = [];
    for (const directory of found) {
      const names = await readdir(directory).catch((): string[] => []);
      const isHiddenMeant = part.startsWith('.');
      for (const name of names.toSorted()) {
        if (wildcardMatches(part, name) && (isHiddenMeant || !name.startsWith('.')))
          matches.push(join(directory, name));
      }
    }
    found = matches;
  }
  return found;
}
