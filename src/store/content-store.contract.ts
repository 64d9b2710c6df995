/** What every ContentStore promises. Called by `store.contract.ts`. */
import { describe, expect, test } from 'vitest';
import { sampleAction, sampleId, sampleRunnerType } from '../../test/support/sample-execution.ts';
import type { Action } from '../core/model/action.ts';
import type { Pack } from '../core/model/pack.ts';
import type { RunnerType } from '../core/model/runner-type.ts';
import type { PackContent } from './content-store.ts';
import type { OpenEmptyStore } from './store.contract.ts';

function packContent(ref: string, actions: readonly string[], description = ''): PackContent {
  return {
    pack: {
      ref,
      uid: `pack:${ref}`,
      name: ref,
      description,
      version: '1.0.0',
      author: 'ann',
      email: 'ann@example.com',
      keywords: ['a', 'b'],
      contributors: [],
      python_versions: ['3'],
      dependencies: [],
      system: {},
      files: ['pack.yaml'],
      path: `/packs/${ref}`,
    } satisfies Omit<Pack, 'id'>,
    actions: actions.map((name) => withoutId(sampleAction({ ref: `${ref}.${name}`, description }))),
  };
}

function withoutId<T extends Action | RunnerType>({ id: _, ...rest }: T): Omit<T, 'id'> {
  return rest;
}

function refs(things: readonly { readonly ref: string }[]): readonly string[] {
  return things.map((thing) => thing.ref);
}

export function contentStoreContract(open: OpenEmptyStore): void {
  describe('content', () => {
    test('a pack and its actions are found by ref and by id, as they were registered', async () => {
      await using store = await open();
      const content = packContent('demo', ['one', 'two.b']);
      await store.content.putPack(content, sampleId);
      const pack = await store.content.findPack('demo');
      expect(pack).toEqual({ id: expect.any(String), ...content.pack });
      expect(await store.content.findPack(pack?.id ?? '')).toEqual(pack);
      const action = await store.content.findAction('demo.two.b');
      expect(action).toEqual({ id: expect.any(String), ...content.actions[1] });
      expect(await store.content.findAction(action?.id ?? '')).toEqual(action);
      expect(await store.content.findAction('demo.none')).toBeUndefined();
      expect(await store.content.findAction(sampleId())).toBeUndefined();
      expect(await store.content.findPack('none')).toBeUndefined();
    });

    test('registering again keeps ids, replaces documents, adds what is new and removes what is gone', async () => {
      await using store = await open();
      await store.content.putPack(packContent('demo', ['kept', 'gone', 'gone_too']), sampleId);
      await store.content.putPack(packContent('other', ['gone']), sampleId);
      const pack = await store.content.findPack('demo');
      const kept = await store.content.findAction('demo.kept');
      expect(await store.content.putPack(packContent('demo', ['kept', 'new'], 'changed'), sampleId)).toEqual({
        removed: 2,
      });
      expect(await store.content.findPack('demo')).toEqual({ ...pack, description: 'changed' });
      expect(await store.content.findAction('demo.kept')).toEqual({ ...kept, description: 'changed' });
      expect(refs(await store.content.actions())).toEqual(['demo.kept', 'demo.new', 'other.gone']);
      expect(new Set((await store.content.actions()).map((action) => action.id)).size).toBe(3);
    });

    test('an action that comes back after it was removed gets a new id', async () => {
      await using store = await open();
      await store.content.putPack(packContent('demo', ['one']), sampleId);
      const before = await store.content.findAction('demo.one');
      await store.content.putPack(packContent('demo', []), sampleId);
      expect(await store.content.findAction('demo.one')).toBeUndefined();
      await store.content.putPack(packContent('demo', ['one']), sampleId);
      expect((await store.content.findAction('demo.one'))?.id).not.toBe(before?.id);
    });

    test('lists are sorted by ref, runner types by name', async () => {
      await using store = await open();
      for (const ref of ['zoo', 'abc', 'mid']) await store.content.putPack(packContent(ref, ['z', 'a']), sampleId);
      expect(refs(await store.content.packs())).toEqual(['abc', 'mid', 'zoo']);
      expect(refs(await store.content.actions())).toEqual(['abc.a', 'abc.z', 'mid.a', 'mid.z', 'zoo.a', 'zoo.z']);
      const types = ['noop', 'announcement'].map((name) => withoutId(sampleRunnerType({ name })));
      await store.content.putRunnerTypes(types, sampleId);
      expect((await store.content.runnerTypes()).map((type) => type.name)).toEqual(['announcement', 'noop']);
    });

    test('removing a pack takes its actions and nothing else', async () => {
      await using store = await open();
      await store.content.putPack(packContent('demo', ['one']), sampleId);
      await store.content.putPack(packContent('demo2', ['one']), sampleId);
      expect(await store.content.removePack('demo')).toBe(true);
      expect(refs(await store.content.packs())).toEqual(['demo2']);
      expect(refs(await store.content.actions())).toEqual(['demo2.one']);
      expect(await store.content.removePack('demo')).toBe(false);
    });

    test('a runner type keeps its id and what the operator decided when it is registered again', async () => {
      await using store = await open();
      const definition = withoutId(sampleRunnerType({ name: 'noop', description: 'old' }));
      await store.content.putRunnerTypes([definition], sampleId);
      const before = await store.content.findRunnerType('noop');
      expect(before).toEqual({ id: expect.any(String), ...definition });
      await store.content.setRunnerEnabled('noop', false);
      expect(await store.content.findRunnerType('noop')).toEqual({ ...before, enabled: false });
      await store.content.putRunnerTypes([{ ...definition, description: 'new' }], sampleId);
      expect(await store.content.findRunnerType('noop')).toEqual({ ...before, enabled: false, description: 'new' });
      expect(await store.content.findRunnerType(before?.id ?? '')).toMatchObject({ name: 'noop', enabled: false });
      await store.content.setRunnerEnabled('noop', true);
      expect(await store.content.runnerTypes()).toEqual([{ ...before, description: 'new' }]);
      expect(await store.content.findRunnerType('none')).toBeUndefined();
    });

    test('a runner type that is first registered as disabled is disabled', async () => {
      await using store = await open();
      await store.content.putRunnerTypes([withoutId(sampleRunnerType({ name: 'noop', enabled: false }))], sampleId);
      expect(await store.content.findRunnerType('noop')).toMatchObject({ enabled: false });
    });
  });
}
