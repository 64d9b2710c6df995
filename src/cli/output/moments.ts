/** Times and statuses as people read them. Pure: the present moment and the time zone are handed in. */
import { parseTimestamp } from '../../base/timestamp.ts';
import { paintStatus } from './colours.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `2026-01-01T12:00:00.000000Z` → `Thu, 01 Jan 2026 12:00:00 UTC`. What is not a timestamp stays as it is. */
export function displayTime(value: unknown, timezone: string): string {
  if (value === null || value === undefined) return '';
  const us = typeof value === 'string' ? parseTimestamp(value) : undefined;
  if (us === undefined) return String(value);
  const date = new Date(Math.floor(us / 1000));
  return timezone === 'UTC' ? inUtc(date) : inZone(date, timezone);
}

function inUtc(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${days[date.getUTCDay()]}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} UTC`;
}

function inZone(date: Date, timezone: string): string {
  const form: Intl.DateTimeFormatOptions = {
    timeZone: timezone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  };
  const parts = new Map(
    new Intl.DateTimeFormat('en-US', form).formatToParts(date).map((part) => [part.type, part.value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? '';
  const day = `${part('weekday')}, ${part('day')} ${part('month')} ${part('year')}`;
  return `${day} ${part('hour')}:${part('minute')}:${part('second')} ${zoneName(date, timezone, part('timeZoneName'))}`;
}

/** American English knows American abbreviations only; British English knows the European ones. */
function zoneName(date: Date, timezone: string, american: string): string {
  if (!/^GMT[+-]/.test(american)) return american;
  const form = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeZoneName: 'short' });
  return form.formatToParts(date).find((part) => part.type === 'timeZoneName')?.value ?? american;
}

interface TimedExecution {
  readonly status?: unknown;
  readonly start_timestamp?: unknown;
  readonly end_timestamp?: unknown;
}

/** `succeeded (1s elapsed)` for what is running or over; just the status otherwise. */
export function statusWithElapsed(execution: TimedExecution, nowUs: number): string {
  const status = typeof execution.status === 'string' ? execution.status : '';
  const startUs = momentOf(execution.start_timestamp);
  const endUs = status === 'running' ? nowUs : momentOf(execution.end_timestamp);
  if (startUs === undefined || endUs === undefined) return status;
  return `${status} (${Math.max(0, Math.floor((endUs - startUs) / 1_000_000))}s elapsed)`;
}

function momentOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}

/** Colours the status and leaves ` (1s elapsed)` plain. */
export function displayStatus(text: string, coloured: boolean): string {
  const [status = '', ...rest] = text.split(' ');
  return [coloured ? paintStatus(status) : status, ...rest].join(' ');
}
