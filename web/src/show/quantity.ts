/** Counts and sizes in words. */

const counts = new Intl.NumberFormat('en-US');

/** `12,345` */
export function count(value: number): string {
  return counts.format(value);
}

/** `1 line`, `12,345 lines` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `512 B`, `3.4 kB`, `12 MB`: powers of 1000, as disks and downloads count. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let unit = 0;
  let size = value;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 9.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}
