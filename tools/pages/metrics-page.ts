/** docs/reference/metrics.md: the instruments of src/operations/metrics.ts and the levels of src/app/metric-gauges.ts. */
import { metricGauges } from '../../src/app/metric-gauges.ts';
import { createMetrics } from '../../src/operations/metrics.ts';
import { markdownTable } from './markdown-table.ts';
import { printedFrom } from './printed-from.ts';

const introduction = `# Metrics

What \`GET /metrics\` tells, in the text form of Prometheus. Who may read it, what to scrape and what to be alerted by is in
[operations](../operations.md). Times are in seconds. A histogram \`x\` has \`x_bucket\`, \`x_sum\` and \`x_count\`. Counters begin at 0
with each start of the server. A series with labels appears when it is first counted.`;

const ofTheProcess = `Beside these are the usual ones of a Node process, as prom-client names them: \`process_cpu_seconds_total\`,
\`process_resident_memory_bytes\`, \`process_open_fds\`, \`process_max_fds\`, \`process_start_time_seconds\`,
\`nodejs_eventloop_lag_seconds\` and its \`_p50\`, \`_p99\`, \`_max\`, \`nodejs_heap_size_used_bytes\`, \`nodejs_heap_size_total_bytes\`,
\`nodejs_gc_duration_seconds\` and more.`;

export function metricsPage(): string {
  const rows = [...metricGauges.map((gauge) => ({ ...gauge, kind: 'gauge' })), ...Object.values(createMetrics())];
  const table = markdownTable(
    ['name', 'kind', 'labels', 'meaning'],
    rows.map(({ name, kind, labels, help }) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  );
  const sources = 'src/operations/metrics.ts and src/app/metric-gauges.ts';
  return `${[printedFrom(sources), introduction, table, ofTheProcess].join('\n\n')}\n`;
}
