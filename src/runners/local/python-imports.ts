/**
 * Which modules from outside its pack a Python action will import, so that they can be loaded before it starts: read off the
 * import statements at the left margin of its file, and of the files of the pack that these lead to. It is a guess that is
 * checked where the modules are loaded: one too many costs memory, one too few costs time.
 */
import { dirname, join } from 'node:path';
import { readIfSeen, statIfSeen } from './seen-file.ts';

/** Of one pack's own files; beyond that the rest is left to be imported by the action itself. */
const filesMax = 100;
/** Longer ones are data. */
const fileBytesMax = 1_000_000;
/** As far as a list of modules is of use. */
const modulesMax = 100;
/** A pack is looked at again this often: what changed in between is still run as it is then, only perhaps loaded later. */
const validMs = 1_000;
/** Files of actions that are remembered; the oldest ones go. */
const rememberedMax = 1_000;

/** At the left margin, also over several lines in parentheses; what is in a comment or indented is not meant. */
const statement =
  /^(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]+(?:\(([^()]*)\)|([^\n#;(]+))|import[ \t]+([^\n#;]+))/gm;

interface Remembered {
  readonly atMs: number;
  readonly modules: readonly string[];
}

export class PythonImports {
  readonly #remembered = new Map<string, Remembered>();
  /** What a file says, as long as it is the same file. */
  readonly #files = new Map<string, { readonly stamp: string; readonly imports: readonly Import[] }>();

  /**
   * Sorted, such as `['requests', 'yaml', 'yaml.constructor']`: for `from a import b` both `a` and `a.b`, as only
   * importing tells what `b` is.
   */
  of(file: string, libraries: string): readonly string[] {
    const known = this.#remembered.get(file);
    const nowMs = performance.now();
    if (known && nowMs - known.atMs < validMs) return known.modules;
    this.#remembered.delete(file);
    const modules = this.#read(file, [libraries, dirname(file)]);
    this.#remembered.set(file, { atMs: nowMs, modules });
    forgetOldest(this.#remembered);
    return modules;
  }

  #read(file: string, places: readonly string[]): readonly string[] {
    const outside = new Set<string>();
    const seen = new Set([file]);
    for (const path of seen) {
      for (const { module, names } of this.#importsIn(path)) {
        const own = ownFiles(module, names, places);
        if (own.length === 0) {
          outside.add(module);
          // By convention, what begins with a capital is a class.
          for (const name of names) if (!/^[A-Z]/.test(name)) outside.add(`${module}.${name}`);
        }
        for (const each of own) if (seen.size < filesMax) seen.add(each);
      }
    }
    return [...outside].sort().slice(0, modulesMax);
  }

  #importsIn(path: string): readonly Import[] {
    const stamp = stampOf(path);
    if (stamp === undefined) return [];
    const known = this.#files.get(path);
    if (known?.stamp === stamp) return known.imports;
    const imports = parseImports(readIfSeen(path) ?? '');
    this.#files.delete(path);
    this.#files.set(path, { stamp, imports });
    forgetOldest(this.#files);
    return imports;
  }
}

interface Import {
  readonly module: string;
  /** Of `from module import names`. */
  readonly names: readonly string[];
}

export function parseImports(source: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, from, inParentheses, onLine, modules] of source.matchAll(statement)) {
    if (from !== undefined) found.push({ module: from, names: namesIn(inParentheses ?? onLine ?? '') });
    else for (const module of namesIn(modules ?? '')) found.push({ module, names: [] });
  }
  return found;
}

/** `a as b, c  # why` names a and c. */
function namesIn(text: string): readonly string[] {
  return text
    .replaceAll(/#[^\n]*/g, '')
    .split(',')
    .map((each) => each.trim().split(/[\s\\]/)[0] ?? '')
    .filter((name) => /^[A-Za-z_][\w.]*$/.test(name));
}

/** The files of the pack that an import leads to; none where it leads out of it. */
function ownFiles(module: string, names: readonly string[], places: readonly string[]): readonly string[] {
  const path = module.split('.');
  for (const place of places) {
    const [top = ''] = path;
    if (!isFile(join(place, `${top}.py`)) && !isDirectory(join(place, top))) continue;
    const candidates = [
      ...path.map((_, at) => join(place, ...path.slice(0, at + 1), '__init__.py')),
      join(place, `${path.join('/')}.py`),
      ...names.flatMap((name) => [join(place, ...path, `${name}.py`), join(place, ...path, name, '__init__.py')]),
    ];
    // Known as its own even where no file is left to look at.
    return [join(place, `${top}.py`), ...candidates.filter(isFile)];
  }
  return [];
}

function isFile(path: string): boolean {
  return statIfSeen(path)?.isFile() === true;
}

function isDirectory(path: string): boolean {
  return statIfSeen(path)?.isDirectory() === true;
}

/** Undefined where there is nothing to read. What is not ours to look at, the action's own import will tell. */
function stampOf(path: string): string | undefined {
  const stat = statIfSeen(path);
  return stat?.isFile() === true && stat.size <= fileBytesMax ? `${stat.mtimeMs} ${stat.size}` : undefined;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= rememberedMax) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
