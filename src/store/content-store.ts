/** Registered content: packs, actions, runner types. Registration is by ref: ids survive it. */
import type { Action } from '../core/model/action.ts';
import type { Pack } from '../core/model/pack.ts';
import type { RunnerType } from '../core/model/runner-type.ts';

export interface PackContent {
  readonly pack: Omit<Pack, 'id'>;
  readonly actions: readonly Omit<Action, 'id'>[];
}

export interface ContentStore {
  /**
   * Registers a pack with exactly these actions, in one commit: new ones get ids from `newId`, known refs keep theirs,
   * registered actions of the pack that are not in the list are removed.
   */
  putPack(content: PackContent, newId: () => string): Promise<{ readonly removed: number }>;
  /** Removes a pack and its actions. False where it was not registered. */
  removePack(ref: string): Promise<boolean>;
  /** A runner type that is known keeps its id and the operator's `enabled`. */
  putRunnerTypes(types: readonly Omit<RunnerType, 'id'>[], newId: () => string): Promise<void>;
  setRunnerEnabled(name: string, enabled: boolean): Promise<void>;
  /** Everything of a kind, sorted by ref or name. */
  packs(): Promise<readonly Pack[]>;
  actions(): Promise<readonly Action[]>;
  runnerTypes(): Promise<readonly RunnerType[]>;
  findPack(refOrId: string): Promise<Pack | undefined>;
  findAction(refOrId: string): Promise<Action | undefined>;
  findRunnerType(nameOrId: string): Promise<RunnerType | undefined>;
}
