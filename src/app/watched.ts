/** What those who watch the server are told: where the numbers and the reasons come from. */
import { statfsSync } from 'node:fs';
import type { EventJournal } from '../api/event-journal.ts';
import type { Route } from '../api/route.ts';
import { healthRoutes } from '../api/routes/health.ts';
import type { Clock } from '../base/clock.ts';
import type { Context } from '../operations/context.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { OutputHub } from '../operations/output-hub.ts';
import { readinessProblems } from '../operations/readiness.ts';
import type { ActionRunner } from '../services/action-runner.ts';
import type { StorageGuard } from '../services/storage-guard.ts';
import type { CommitWatch } from '../store/sqlite/session.ts';
import type { Config } from './config.ts';
import { isLoopback } from './listen-address.ts';
import type { GaugeSources } from './metric-gauges.ts';
import { metricsText } from './metrics-text.ts';

export interface WatchedParts {
  readonly actionRunner: ActionRunner;
  readonly storageGuard: StorageGuard;
  readonly hub: OutputHub;
  readonly journal: EventJournal;
  readonly version: string;
}

export function watchRoutes(
  context: Context,
  parts: WatchedParts,
  config: Pick<Config, 'listen' | 'metrics'>,
): readonly Route[] {
  const { actionRunner, storageGuard } = parts;
  const countOutput = () => {
    for (const run of actionRunner.runs) run.countOutput();
  };
  return healthRoutes(
    context,
    {
      problems: () =>
        readinessProblems(context, { idleReason: actionRunner.idleReason, isDiskFull: storageGuard.isFull }),
      metrics: metricsText(context.metrics, () => levelsOf(context, parts), countOutput),
    },
    { token: config.metrics.token, allow: config.metrics.allow, isLoopbackOnly: isLoopback(config.listen.host) },
  );
}

function levelsOf({ settings, store }: Context, parts: WatchedParts): GaugeSources {
  // Several levels come from one question.
  let counts: Promise<Readonly<Record<string, number>>> | undefined;
  return {
    countByStatus() {
      counts ??= store.executions.countByStatus();
      return counts;
    },
    slots: parts.actionRunner.slots,
    active: parts.actionRunner.active,
    outputReaders: parts.hub.readers,
    eventReaders: parts.journal.clients,
    freeBytes() {
      const { bavail, bsize } = statfsSync(settings.home);
      return bavail * bsize;
    },
    version: parts.version,
  };
}

export function commitWatch({ commits, commitUnits, commitSeconds }: Metrics, clock: Clock): CommitWatch {
  const [total, units, seconds] = [commits.of(), commitUnits.of(), commitSeconds.of()];
  return {
    monotonicUs: () => clock.monotonicUs(),
    committed(written, tookUs) {
      total.add();
      units.observe(written);
      seconds.observe(tookUs / 1e6);
    },
  };
}
