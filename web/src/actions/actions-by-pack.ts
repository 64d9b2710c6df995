/** Actions found by a search, by pack. Pure. */
import type { ActionSummary } from '../server/types.ts';

export interface PackOfActions {
  readonly name: string;
  readonly actions: readonly ActionSummary[];
}

/** Every word of the search must be in the ref or the description, in any case. Packs and actions by name. */
export function actionsByPack(actions: readonly ActionSummary[], search: string): readonly PackOfActions[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const packs = new Map<string, ActionSummary[]>();
  for (const action of actions) {
    const text = `${action.ref} ${action.description ?? ''}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const pack = packs.get(action.pack);
    if (pack === undefined) packs.set(action.pack, [action]);
    else pack.push(action);
  }
  return [...packs]
    .map(([name, found]) => ({ name, actions: found.sort((a, b) => a.name.localeCompare(b.name)) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
