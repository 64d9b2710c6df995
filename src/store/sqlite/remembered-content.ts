/**
 * What is asked of the content with every execution, kept in memory: its action, runner type and pack. Each question
 * spared is a message to the database thread and back, of which an execution had four. Right because a SQLite file has
 * one server (its home is locked), so that every change passes through here; the shared store remembers nothing.
 */
import type { ContentStore } from '../content-store.ts';

/** More names than this are not asked for in earnest; then everything is forgotten and begun anew. */
const rememberedMax = 10_000;

export function rememberedContent(content: ContentStore): ContentStore {
  const found = new Map<string, object>();
  /** Counts changes: an answer that was on its way when one happened must not be kept. */
  let generation = 0;

  async function remember<T extends object>(
    kind: string,
    name: string,
    find: (name: string) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const key = `${kind} ${name}`;
    const known = found.get(key);
    if (known) return known as T; // put in under the same kind below
    const asked = generation;
    const value = await find(name);
    if (value && asked === generation) {
      if (found.size >= rememberedMax) found.clear();
      found.set(key, value);
    }
    return value;
  }

  /** Forgets before and after: what is read while a change is under way may be either. */
  async function changing<T>(change: Promise<T>): Promise<T> {
    forget();
    try {
      return await change;
    } finally {
      forget();
    }
  }

  function forget(): void {
    generation += 1;
    found.clear();
  }

  return {
    putPack: (pack, newId) => changing(content.putPack(pack, newId)),
    removePack: (ref) => changing(content.removePack(ref)),
    putRunnerTypes: (types, newId) => changing(content.putRunnerTypes(types, newId)),
    setRunnerEnabled: (name, isEnabled) => changing(content.setRunnerEnabled(name, isEnabled)),
    packs: () => content.packs(),
    actions: () => content.actions(),
    runnerTypes: () => content.runnerTypes(),
    findPack: (refOrId) => remember('pack', refOrId, (name) => content.findPack(name)),
    findAction: (refOrId) => remember('action', refOrId, (name) => content.findAction(name)),
    findRunnerType: (nameOrId) => remember('runner', nameOrId, (name) => content.findRunnerType(name)),
  };
}
