/** What a benchmark found out, ready to be printed: one row per figure. */

export interface Row {
  readonly what: string;
  /** With unit. */
  readonly ours: string;
  readonly baseline?: string;
  /** How many times better ours is. */
  readonly ratio?: number;
  readonly aim?: string;
  /** Absent where there is no aim. */
  readonly isMet?: boolean;
}

export interface Report {
  /** One paragraph: how it was taken. */
  readonly how: string;
  readonly rows: readonly Row[];
  /** What else a reader should know of this run. */
  readonly notes?: readonly string[];
}

/** Three significant digits are more than these figures are worth; thousands are kept apart. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

export function ms(us: number): string {
  return `${digits(us / 1000)} ms`;
}

export function megabytes(bytes: number): string {
  return `${digits(bytes / 1_000_000)} MB`;
}

export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.ours,
    row.baseline ?? '–',
    row.ratio === undefined ? '–' : `× ${digits(row.ratio)}`,
    row.aim === undefined ? '–' : `${row.aim}: ${row.isMet ? 'reached' : 'not reached'}`,
  ]);
  const all = [['what', 'Stormtail', 'plain baseline', 'better by', 'aim'], ...cells];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  return [lines[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.slice(1)].join('\n');
}
