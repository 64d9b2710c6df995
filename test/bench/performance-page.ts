/**
 * docs/performance.md: the figures of each benchmark stand between two marks and are replaced by the next run of that
 * benchmark; what people wrote around them stays.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Report, table } from './result.ts';

const path = 'docs/performance.md';

/** `load`: what else the machine had to do when the run began, as a load average. */
export function writeSection(name: string, title: string, report: Report, load: string): void {
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '# Performance\n';
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const body = [
    begin,
    report.how,
    table(report.rows),
    ...(report.notes ?? []),
    `Taken on ${new Date().toISOString().slice(0, 10)}, ${machine()}, load average before the run ${load}.`,
    end,
  ].join('\n\n');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  const next =
    from === -1 || to < from
      ? `${page.trimEnd()}\n\n## ${title}\n\n${body}\n`
      : page.slice(0, from) + body + page.slice(to + end.length);
  writeFileSync(path, next);
}

/** What figures depend on and a reader elsewhere can judge; nothing that names the machine. */
export function machine(): string {
  const isVirtual = existsSync('/proc/cpuinfo') && /\bhypervisor\b/.test(readFileSync('/proc/cpuinfo', 'latin1'));
  return `${availableParallelism()}-core ${isVirtual ? 'virtual machine' : 'machine'}, Node ${process.versions.node.split('.')[0]}`;
}
