/** What is measured only when somebody asks: levels that go up and down. docs/reference/metrics.md is printed from here. */
import { startedStatuses } from '../core/model/execution-status.ts';

/** Where the levels are read. */
export interface GaugeSources {
  /** Executions by status that are not final. */
  countByStatus(): Promise<Readonly<Record<string, number>>>;
  readonly slots: number;
  readonly active: number;
  readonly outputReaders: number;
  readonly eventReaders: number;
  /** Bytes free on the disk of the home. */
  freeBytes(): number;
  readonly version: string;
}

export interface GaugeRow {
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
  read(sources: GaugeSources): Promise<readonly { readonly values: readonly string[]; readonly value: number }[]>;
}

/** Waiting for a slot, or for their time. */
const queued = ['requested', 'delayed', 'scheduled'] as const; // what an operator calls the queue, in the order of the way

export const metricGauges: readonly GaugeRow[] = [
  {
    name: 'stormtail_build_info',
    labels: ['version'],
    help: 'Always 1; the version is the label.',
    read: async ({ version }) => [{ values: [version], value: 1 }],
  },
  {
    name: 'stormtail_queue_executions',
    labels: ['status'],
    help: 'Executions that wait: requested (for a slot), delayed (for their time), scheduled.',
    async read(sources) {
      const counts = await sources.countByStatus();
      return queued.map((status) => ({ values: [status], value: counts[status] ?? 0 }));
    },
  },
  {
    name: 'stormtail_started_executions',
    labels: ['status'],
    help: 'Executions that have begun and not ended, on all hosts: running, canceling.',
    async read(sources) {
      const counts = await sources.countByStatus();
      return startedStatuses.map((status) => ({ values: [status], value: counts[status] ?? 0 }));
    },
  },
  {
    name: 'stormtail_slots',
    labels: [],
    help: 'Executions that this process runs at the same time, at most ([actionrunner] actions_pool_size).',
    read: async ({ slots }) => [{ values: [], value: slots }],
  },
  {
    name: 'stormtail_slots_in_use',
    labels: [],
    help: 'Executions that this process is running.',
    read: async ({ active }) => [{ values: [], value: active }],
  },
  {
    name: 'stormtail_readers',
    labels: ['kind'],
    help: 'Live readers: output (of one execution) and events (the general stream).',
    read: async ({ outputReaders, eventReaders }) => [
      { values: ['output'], value: outputReaders },
      { values: ['events'], value: eventReaders },
    ],
  },
  {
    name: 'stormtail_disk_free_bytes',
    labels: [],
    help: 'Room left on the disk that holds the home.',
    read: async (sources) => [{ values: [], value: sources.freeBytes() }],
  },
];
