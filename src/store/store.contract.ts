/**
 * What every Store promises, as tests: an adapter's own test file calls `storeContract` with a way to open itself.
 * Promises about one noun are in the contract of that noun.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { sampleExecution } from '../../test/support/sample-execution.ts';
import { accessStoreContract } from './access-store.contract.ts';
import { contentStoreContract } from './content-store.contract.ts';
import { executionStoreContract } from './execution-store.contract.ts';
import type { Store } from './store.ts';

/** Opens a store with nothing in it. */
export type OpenEmptyStore = () => Promise<Store>;

export function storeContract(name: string, open: OpenEmptyStore): void {
  describe(`${name} keeps the store's promises`, () => {
    // The first opening may have to build or start something: it must not count towards a test's time.
    beforeAll(async () => (await open())[Symbol.asyncDispose]());

    executionStoreContract(open);
    contentStoreContract(open);
    accessStoreContract(open);

    test('callers who write at the same time share few commits', async () => {
      await using store = await open();
      const before = store.counters();
      const writes = 500;
      await Promise.all(Array.from({ length: writes }, () => store.executions.insert(sampleExecution())));
      const after = store.counters();
      expect(after.units - before.units).toBe(writes);
      // One caller at a time would have made 500. How many share one depends on the disk; a tenth is far from it.
      expect(after.commits - before.commits).toBeLessThanOrEqual(writes / 10);
    });

    test('a write that fails fails alone, whoever shares its commit', async () => {
      await using store = await open();
      const known = sampleExecution();
      await store.executions.insert(known);
      const fresh = [sampleExecution(), sampleExecution()];
      const [first, doubled, second] = await Promise.allSettled([
        store.executions.insert(fresh[0] ?? known),
        store.executions.insert({ ...sampleExecution(), id: known.id }),
        store.executions.insert(fresh[1] ?? known),
      ]);
      expect([first?.status, doubled?.status, second?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(doubled).toMatchObject({ reason: { code: 'conflict' } });
      for (const { id } of fresh) expect(await store.executions.find(id)).toBeDefined();
      expect(await store.executions.find(known.id)).toEqual(known);
    });

    test('closing waits for what was asked before, twice is once, and afterwards requests are refused', async () => {
      const store = await open();
      const written = store.access.writeSetting('a', '1');
      const read = store.access.readSetting('a');
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      await written;
      expect(await read).toBe('1');
      await expect(store.access.readSetting('a')).rejects.toMatchObject({ code: 'store_failed' });
    });
  });
}
