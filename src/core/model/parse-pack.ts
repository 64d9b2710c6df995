/** A pack's `pack.yaml`, from what the file says to the record that is registered (spec/packs.md §2). */
import { isObject } from '../../base/json.ts';
import { type ContentProblem, errorAt, type KeyRule, misfits, missingKeys, rules } from './content-problem.ts';
import type { Pack } from './pack.ts';

export interface ParsedPack {
  /** Absent where there is an error. What the disk knows, files and path, is added by the reader. */
  readonly pack?: Omit<Pack, 'id' | 'files' | 'path'>;
  readonly problems: readonly ContentProblem[];
}

const legalRef = /^[a-z0-9_]+$/;
const semver =
  /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[\da-z-]+(?:\.[\da-z-]+)*)?(?:\+[\da-z-]+(?:\.[\da-z-]+)*)?$/;
const versionRange = /^(?:(?:>?>|>=|=|<=|<?<)\s*[0-9]+\.[0-9]+\.[0-9]+(?:\s*,)?\s*)+$/;

/** Kept for the file with what applies to every pack. */
const reservedRef = '_global';

const keyRules: Readonly<Record<string, KeyRule>> = {
  name: rules.text,
  ref: rules.text,
  description: rules.text,
  version: {
    what: 'text',
    check: (value) => typeof value === 'string' || typeof value === 'number',
  },
  author: rules.text,
  email: rules.text,
  keywords: rules.listOfText,
  stackstorm_version: rules.text,
  python_versions: {
    what: 'a list of "2" and "3"',
    check: (value) => isUniqueList(value) && value.length > 0 && value.every((item) => item === '2' || item === '3'),
  },
  contributors: {
    what: 'a list of text, 100 characters each at most',
    check: (value) => rules.listOfText.check(value) && (value as string[]).every((item) => item.length <= 100), // checked before
  },
  dependencies: rules.listOfText,
  system: rules.map,
};

/** `directory` is the name of the pack's directory, by which everything in it is addressed. */
export function parsePack(raw: unknown, directory: string): ParsedPack {
  if (!isObject(raw))
    return {
      problems: [errorAt([], 'pack.yaml is a map, with at least name, description, version, author and email')],
    };
  const problems = [
    ...missingKeys(raw, ['name', 'description', 'version', 'author', 'email'], []),
    ...misfits(raw, keyRules, []),
  ];
  const version = String(raw.version ?? '');
  if (keyRules.version?.check(raw.version) && !semver.test(version))
    problems.push(
      errorAt(
        ['version'],
        `Pack version "${version}" doesn't follow a valid semver format. Valid versions and formats include: 0.1.0, 0.2.1, 1.1.0, etc.`,
      ),
    );
  if (typeof raw.stackstorm_version === 'string' && !versionRange.test(raw.stackstorm_version))
    problems.push(errorAt(['stackstorm_version'], `"${raw.stackstorm_version}" is not of the form ">=2.8.0, <4.0.0"`));
  const { ref, problem } = findRef(raw, directory);
  if (problem) problems.push(problem);
  return problems.length > 0 ? { problems } : { pack: build(raw, ref, version), problems };
}

/** The ref written down, else the directory's name, else the pack's name; it must be the directory's name in the end. */
function findRef(raw: Record<string, unknown>, directory: string): { ref: string; problem?: ContentProblem } {
  const written = raw.ref ?? null;
  const name = typeof raw.name === 'string' ? raw.name : '';
  const ref = typeof written === 'string' ? written : legalRef.test(directory) ? directory : name;
  const path = written === null ? ['name'] : ['ref'];
  if (!legalRef.test(ref))
    return {
      ref,
      problem: errorAt(
        path,
        `Pack ref / name can only contain valid word characters (a-z, 0-9 and _), dashes are not allowed.`,
      ),
    };
  if (ref === reservedRef)
    return { ref, problem: errorAt(path, `"${ref}" is reserved and cannot be the name of a pack`) };
  if (ref !== directory)
    return {
      ref,
      problem: errorAt(
        path,
        `the pack is "${ref}", but its directory is "${directory}"; rename the directory to "${ref}"`,
      ),
    };
  return { ref };
}

function build(raw: Record<string, unknown>, ref: string, version: string): Omit<Pack, 'id' | 'files' | 'path'> {
  return {
    ref,
    uid: `pack:${ref}`,
    name: String(raw.name),
    description: String(raw.description),
    version,
    author: String(raw.author),
    email: String(raw.email),
    keywords: listOfText(raw.keywords),
    contributors: listOfText(raw.contributors),
    python_versions: listOfText(raw.python_versions),
    dependencies: listOfText(raw.dependencies),
    system: isObject(raw.system) ? raw.system : {},
    ...(typeof raw.stackstorm_version === 'string' && { stackstorm_version: raw.stackstorm_version }),
  };
}

function listOfText(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function isUniqueList(value: unknown): value is unknown[] {
  return Array.isArray(value) && new Set(value).size === value.length;
}
