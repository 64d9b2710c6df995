/**
 * Registration: what is on disk becomes what can be run (spec/packs.md §6). Everything good is registered, everything
 * bad is reported with its place. What is gone from disk is removed; what merely became unreadable stays as it was,
 * for a slip in an editor must not take an action away from those who use it.
 *
 * Registrations of one process follow each other: two at once would each remove what the other found.
 */
import { basename } from 'node:path';
import { Fault } from '../base/errors.ts';
import type { Action } from '../core/model/action.ts';
import { builtinRunnerTypes } from '../core/model/builtin-runner-types.ts';
import type { Diagnostic } from '../content/diagnostic.ts';
import { findPacks } from '../content/list-packs.ts';
import { readPack } from '../content/read-pack.ts';
import type { Context } from './context.ts';

export interface RegisterWish {
  /** Names of directories; default: every pack on disk. */
  readonly packs?: readonly string[];
  /** Kinds of content, singular or plural, or `all`; kinds that are unknown are ignored. Default: all. */
  readonly types?: readonly string[];
  /** Fail when a file is bad, after the good ones were registered. Default: true. */
  readonly failOnFailure?: boolean;
}

export interface ContentError extends Omit<Diagnostic, 'severity'> {
  /** Pack, file, place and message in one line. */
  readonly text: string;
}

export interface Registration {
  /** How many of each kind are registered now; only kinds that were asked for. */
  readonly counts: { readonly runners?: number; readonly actions?: number };
  readonly packs: number;
  /** Actions that are gone from disk. */
  readonly removed: number;
  readonly errors: readonly ContentError[];
}

/**
 * Fails with `invalid_input` where a pack that was named is not on disk (then nothing was changed), and, unless told
 * otherwise, with `invalid_content` where files are bad: a line for each, and all of them in `details.errors`.
 */
export async function registerPacks(context: Context, wish: RegisterWish = {}): Promise<Registration> {
  const before = underWay.get(context) ?? Promise.resolve();
  const mine = before.then(() => register(context, wish));
  underWay.set(
    context,
    mine.catch(() => {}), // whoever asked for it hears of the failure; the next registration goes on
  );
  return mine;
}

const underWay = new WeakMap<Context, Promise<unknown>>();

async function register(context: Context, wish: RegisterWish): Promise<Registration> {
  const wantsActions = wantsKind(wish, 'action');
  const wantsRunners = wantsActions || wantsKind(wish, 'runner');
  const found = await findPacks(context.settings.packPaths);
  const directories = chosenDirectories(context, found.directories, wish.packs);
  if (wantsRunners) await registerRunnerTypes(context);
  const runners = wantsRunners ? { runners: builtinRunnerTypes.length } : {};
  if (!wantsActions) return { counts: runners, packs: 0, removed: 0, errors: [] };

  const diagnostics: Diagnostic[] = wish.packs ? [] : [...found.diagnostics];
  const refs: string[] = [];
  let actions = 0;
  let removed = 0;
  for (const directory of directories) {
    const outcome = await registerPack(context, directory);
    diagnostics.push(...outcome.diagnostics);
    actions += outcome.actions;
    removed += outcome.removed;
    refs.push(basename(directory));
  }
  // A base path that cannot be read says nothing about the packs in it.
  const isComplete = found.diagnostics.every(({ severity }) => severity !== 'error');
  if (!wish.packs && isComplete) removed += await removeVanished(context, refs);
  context.bus.publish('content.changed', { packs: refs });
  for (const { severity, ...warning } of diagnostics)
    if (severity === 'warning') context.log.warn(warning, 'content of a pack will not work as written');
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(contentError);
  if (errors.length > 0 && wish.failOnFailure !== false)
    throw new Fault('invalid_content', errors.map(({ text }) => text).join('\n'), { details: { errors } });
  return { counts: { ...runners, actions }, packs: refs.length, removed, errors };
}

function wantsKind({ types }: RegisterWish, kind: string): boolean {
  return types === undefined || types.length === 0 || ['all', kind, `${kind}s`].some((name) => types.includes(name));
}

function chosenDirectories(
  context: Context,
  directories: readonly string[],
  names: readonly string[] | undefined,
): readonly string[] {
  if (!names) return directories;
  return [...new Set(names)].map((name) => {
    const directory = directories.find((one) => basename(one) === name);
    if (directory === undefined) {
      const paths = context.settings.packPaths.join(', ');
      throw new Fault(
        'invalid_input',
        `Pack "${name}" not found on disk: no directory of that name with a pack.yaml in ${paths}`,
      );
    }
    return directory;
  });
}

async function registerRunnerTypes(context: Context): Promise<void> {
  const types = builtinRunnerTypes.map((type) => ({ ...type, uid: `runner_type:${type.name}` }));
  await context.store.content.putRunnerTypes(types, context.newId);
}

async function registerPack(
  context: Context,
  directory: string,
): Promise<{ actions: number; removed: number; diagnostics: readonly Diagnostic[] }> {
  const read = await readPack(directory);
  if (!read.pack) return { actions: 0, removed: 0, diagnostics: read.diagnostics };
  const kept = await unreadableActions(context, read.pack.ref, read.actions, read.diagnostics);
  const content = { pack: read.pack, actions: [...read.actions, ...kept] };
  const { removed } = await context.store.content.putPack(content, context.newId);
  return { actions: read.actions.length, removed, diagnostics: read.diagnostics };
}

/** Actions of the pack as they are registered, whose files have errors now. */
async function unreadableActions(
  context: Context,
  pack: string,
  readable: readonly { readonly ref: string }[],
  diagnostics: readonly Diagnostic[],
): Promise<Omit<Action, 'id'>[]> {
  const bad = new Set(diagnostics.filter(({ severity }) => severity === 'error').map(({ file }) => file));
  if (bad.size === 0) return [];
  const refs = new Set(readable.map(({ ref }) => ref));
  return (await context.store.content.actions())
    .filter((action) => action.pack === pack && bad.has(action.metadata_file) && !refs.has(action.ref))
    .map(({ id: _, ...action }) => action);
}

async function removeVanished(context: Context, refs: readonly string[]): Promise<number> {
  const { content } = context.store;
  const gone = (await content.packs()).filter(({ ref }) => !refs.includes(ref));
  if (gone.length === 0) return 0;
  const goneRefs = new Set(gone.map(({ ref }) => ref));
  const removed = (await content.actions()).filter(({ pack }) => goneRefs.has(pack)).length;
  for (const { ref } of gone) {
    await content.removePack(ref);
    context.log.info({ pack: ref }, 'a pack is gone from disk and was removed');
  }
  return removed;
}

/** `Failed to register action "actions/a.yaml" from pack "demo": line 3, column 5: …` */
function contentError({ severity: _, ...error }: Diagnostic): ContentError {
  const place = error.line > 0 ? `line ${error.line}, column ${error.column}: ` : '';
  const isAction = error.file.startsWith('actions/');
  const what = isAction ? `action "${error.file}" from pack "${error.pack}"` : `pack "${error.pack}"`;
  const file = isAction || error.file === '' ? '' : `${error.file}: `;
  const subject = error.pack === '' ? 'packs' : what;
  return { ...error, text: `Failed to register ${subject}: ${file}${place}${error.message}` };
}
