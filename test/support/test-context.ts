/** The context of operations for tests: a real store, real output files, a real bus, a clock that stands still. */
import { sampleSeal } from './text-seal.ts';
import { join } from 'node:path';
import { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { objectIds } from '../../src/base/object-id.ts';
import type { Bus } from '../../src/bus/bus.ts';
import { LocalBus } from '../../src/bus/local/local-bus.ts';
import type { Context, Settings } from '../../src/operations/context.ts';
import { createMetrics } from '../../src/operations/metrics.ts';
import { OutputFiles } from '../../src/store/files/output-files.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';
import { storeWorker } from './store-worker.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export async function openMemoryStore(): Promise<Store> {
  return openSqliteStore({
    path: ':memory:',
    workerUrl: await storeWorker(),
    seal: { seal: (_, parameters) => parameters, open: (_, parameters) => parameters },
  });
}

export interface TestContext extends AsyncDisposable {
  readonly context: Context;
  readonly clock: ManualClock;
}

/** `store` is left open at the end where it was handed in. */
export async function openTestContext(
  wish: { store?: Store; bus?: (clock: ManualClock) => Bus; settings?: Partial<Settings> } = {},
): Promise<TestContext> {
  const directory = await temporaryDirectory();
  const home = directory.path;
  const clock = new ManualClock();
  const store = wish.store ?? (await openMemoryStore());
  const bus = wish.bus?.(clock) ?? new LocalBus(silentLog);
  const settings: Settings = {
    apiUrl: 'http://127.0.0.1:9101/api/v1',
    webUrl: 'http://127.0.0.1:9101',
    hostname: 'test',
    home,
    packPaths: [],
    authEnabled: true,
    systemUser: 'stanley',
    htpasswdPath: join(home, 'htpasswd'),
    tokenTtlS: 86_400,
    serviceTokenTtlS: 86_400,
    maskSecrets: true,
    maxPageSize: 100,
    queueMax: 100_000,
    serviceTokenKey: Buffer.alloc(32, 7),
    ...wish.settings,
  };
  const output = new OutputFiles(join(home, 'output'), clock, { seal: sampleSeal() });
  const newId = objectIds(() => clock.nowUs());
  return {
    context: { store, output, bus, clock, log: silentLog, metrics: createMetrics(), newId, settings },
    clock,
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      if (!wish.store) await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
