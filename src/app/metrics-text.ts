/**
 * The metrics as text for Prometheus: our instruments and levels, and what prom-client knows of the Node process (event
 * loop, heap, garbage collection, descriptors), in a registry of this server's own.
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { type Counter, type Family, Histogram } from '../base/instruments.ts';
import type { Metrics } from '../operations/metrics.ts';
import { type GaugeRow, type GaugeSources, metricGauges } from './metric-gauges.ts';

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** Levels are read once for a text, however many rows ask; `before` brings up to date what is counted now and then. */
export function metricsText(
  metrics: Metrics,
  sources: () => GaugeSources,
  before: () => void,
): () => Promise<MetricsText> {
  const registry = new Registry();
  // The lag is measured by a timer: this often it wakes an idle server.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 });
  for (const family of Object.values(metrics)) register(registry, family, () => samplesOf(family));
  let levels: GaugeSources | undefined;
  for (const row of metricGauges)
    register(registry, { ...row, kind: 'gauge' }, () => (levels ? levelsOf(row, levels) : []));
  return async () => {
    before();
    levels = sources();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}

interface Described {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly name: string;
  readonly help: string;
}

/** The registry asks each of its metrics for samples when a text is wanted, and nothing else. */
function register(
  registry: Registry,
  { name, help, kind }: Described,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  const metric = {
    name,
    help,
    type: kind,
    get: async () => ({ name, help, type: kind, values: await read(), aggregator: 'sum' }),
  };
  registry.registerMetric(metric as unknown as Metric); // its type names the library's own classes; it calls `get` alone
}

function samplesOf(family: Family<Counter | Histogram>): Sample[] {
  return [...family].flatMap(({ values, instrument }) => {
    const labels = labelsOf(family.labels, values);
    return instrument instanceof Histogram
      ? bucketsOf(family.name, labels, instrument)
      : [{ labels, value: instrument.value }];
  });
}

/** Buckets are summed up only here: each counts what is at or below its bound. */
function bucketsOf(name: string, labels: Sample['labels'], { bounds, counts, sum }: Histogram): Sample[] {
  let total = 0;
  const buckets = [...bounds, '+Inf'].map((le, at) => {
    total += counts[at] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

/** A level that cannot be read now is absent, which is a thing to be alerted by; the others are told all the same. */
async function levelsOf(row: GaugeRow, sources: GaugeSources): Promise<Sample[]> {
  const levels = await row.read(sources).catch(() => []);
  return levels.map(({ values, value }) => ({ labels: labelsOf(row.labels, values), value }));
}

function labelsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
}
