/**
 * A pack from its directory: `pack.yaml` and the actions beside it, checked (spec/packs.md §1, §2, §4.1). One bad file
 * never hides the others, and all problems are collected, each with its place. Ids are given by the store.
 */
import { readdir } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { isFault, messageOf, systemCode } from '../base/errors.ts';
import type { Action } from '../core/model/action.ts';
import type { Pack } from '../core/model/pack.ts';
import { parseAction } from '../core/model/parse-action.ts';
import { parsePack } from '../core/model/parse-pack.ts';
import { type Diagnostic, type FileName, locateProblem, unreadable, wholeFile } from './diagnostic.ts';
import { entryPointProblems } from './entry-point.ts';
import { parameterWarnings } from './parameter-warnings.ts';
import { type ContentFile, readContentFile, type TextPlace } from './read-yaml.ts';

export interface ReadPack {
  /** Absent where `pack.yaml` has an error; then there are no actions either. */
  readonly pack?: Omit<Pack, 'id'>;
  /** Those without errors, in the order of their files. */
  readonly actions: readonly Omit<Action, 'id'>[];
  /** In the order of files, then of places. */
  readonly diagnostics: readonly Diagnostic[];
}

/** `packDirectory` is the pack's own; its name is how the pack is addressed. Never throws for what a pack contains. */
export async function readPack(packDirectory: string): Promise<ReadPack> {
  const directory = resolve(packDirectory);
  const name = basename(directory);
  const read = await readChecked(directory, { pack: name, file: 'pack.yaml' });
  if (!read.content) return { actions: [], diagnostics: read.diagnostics };
  const { content } = read;
  const { pack, problems } = parsePack(content.value, name);
  const ownProblems = [
    ...read.diagnostics,
    ...problems.map((problem) => locateProblem({ pack: name, file: 'pack.yaml' }, content, problem)),
  ];
  if (!pack || ownProblems.some(({ severity }) => severity === 'error'))
    return { actions: [], diagnostics: inOrder(ownProblems) };
  const [files, actions] = [await listFiles(directory), await readActions(directory, name)];
  return {
    pack: { ...pack, path: directory, files: files.names },
    actions: actions.actions,
    diagnostics: [...inOrder(ownProblems), ...files.diagnostics(name), ...actions.diagnostics],
  };
}

interface ReadActions {
  readonly actions: readonly Omit<Action, 'id'>[];
  readonly diagnostics: readonly Diagnostic[];
}

async function readActions(directory: string, pack: string): Promise<ReadActions> {
  const actions = new Map<string, Omit<Action, 'id'>>();
  const diagnostics: Diagnostic[] = [];
  const files = await metadataFiles(join(directory, 'actions'));
  if (files.problem !== undefined) diagnostics.push(wholeFile({ pack, file: 'actions' }, 'error', files.problem));
  for (const file of files.names) {
    const name: FileName = { pack, file: `actions/${file}` };
    const read = await readAction(directory, name);
    diagnostics.push(...inOrder(read.diagnostics));
    if (!read.action) continue;
    const same = actions.get(read.action.ref);
    if (!same) actions.set(read.action.ref, read.action);
    else diagnostics.push({ severity: 'error', ...name, ...read.namePlace, message: takenName(same) });
  }
  return { actions: [...actions.values()], diagnostics };
}

function takenName(holder: Omit<Action, 'id'>): string {
  return `the name "${holder.name}" is taken already, by ${holder.metadata_file}`;
}

interface ReadAction {
  /** Absent where there is an error, or no runner for it. */
  readonly action?: Omit<Action, 'id'>;
  readonly namePlace: TextPlace;
  readonly diagnostics: readonly Diagnostic[];
}

async function readAction(directory: string, name: FileName): Promise<ReadAction> {
  const read = await readChecked(directory, name);
  if (!read.content) return { ...read, namePlace: { line: 0, column: 0 } };
  const { content } = read;
  const parsed = parseAction(content.value, name.pack, name.file);
  const problems = [...parsed.problems];
  if (parsed.action && parsed.runner) {
    problems.push(...(await entryPointProblems(directory, parsed.action)));
    problems.push(...parameterWarnings(parsed.runner, parsed.action));
  }
  const diagnostics = [...read.diagnostics, ...problems.map((problem) => locateProblem(name, content, problem))];
  const isUsable = parsed.action && diagnostics.every(({ severity }) => severity !== 'error');
  return { ...(isUsable && { action: parsed.action }), namePlace: content.locate(['name']), diagnostics };
}

/** A file with everything in it that YAML can say and JSON cannot reported. */
async function readChecked(
  directory: string,
  name: FileName,
): Promise<{ content?: ContentFile; diagnostics: readonly Diagnostic[] }> {
  try {
    const content = await readContentFile(join(directory, name.file), name.file);
    const diagnostics = content.notJson.map(({ path, text, what }) => {
      const message = `${text} is ${what} in YAML 1.1, which nothing here can hold; put it in quotes to make it text`;
      return { severity: 'error', ...name, ...content.locate(path), message } as const;
    });
    return { content, diagnostics };
  } catch (error) {
    if (!isFault(error, 'invalid_content')) throw error;
    return { diagnostics: [unreadable(name, error)] };
  }
}

/** Files directly in the directory with an extension of ours, sorted. `config.*` is a relic that was never an action. */
async function metadataFiles(directory: string): Promise<{ names: readonly string[]; problem?: string }> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    return {
      names: files
        .filter((file) => ['.yaml', '.yml', '.json'].includes(extname(file)) && !file.startsWith('config.'))
        .sort(),
    };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { names: [] }; // a pack without actions
    return { names: [], problem: `cannot be listed: ${messageOf(error)}` };
  }
}

/** More than any pack has; a directory with more is not a pack's alone, and its list would swell every answer. */
const filesMax = 20_000;

interface FileList {
  readonly names: readonly string[];
  diagnostics(pack: string): Diagnostic[];
}

/** Everything in the pack except compiled Python and git's own files. Links are listed, not followed. */
async function listFiles(directory: string): Promise<FileList> {
  const names: string[] = [];
  const failures: string[] = [];
  const waiting = [directory];
  for (let current = waiting.pop(); current !== undefined && names.length < filesMax; current = waiting.pop()) {
    try {
      for (const entry of await readdir(current, { withFileTypes: true })) {
        const path = join(current, entry.name);
        if (entry.isDirectory()) {
          if (entry.name !== '.git' && entry.name !== '__pycache__') waiting.push(path);
        } else if (!entry.name.endsWith('.pyc')) names.push(relative(directory, path).replaceAll(sep, '/'));
      }
    } catch (error) {
      failures.push(`${relative(directory, current)} cannot be listed: ${messageOf(error)}`);
    }
  }
  if (names.length >= filesMax) failures.push(`more than ${filesMax} files; the list of files is cut`);
  return {
    names: names.slice(0, filesMax).sort(),
    diagnostics: (pack) => failures.map((message) => wholeFile({ pack, file: '' }, 'warning', message)),
  };
}

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.line - b.line || a.column - b.column);
}
