/** Moments and durations in words. Pure: the present is handed in. */

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `now`, `12 s ago`, `3 min ago`, `5 h ago`, then the local date. A moment ahead (clocks differ) is `now`. */
export function relativeTime(timestamp: string, nowMs: number): string {
  const moment = Date.parse(timestamp);
  if (Number.isNaN(moment)) return timestamp;
  const ago = nowMs - moment;
  if (ago < 5 * secondMs) return 'now';
  if (ago < minuteMs) return `${Math.floor(ago / secondMs)} s ago`;
  if (ago < hourMs) return `${Math.floor(ago / minuteMs)} min ago`;
  if (ago < dayMs) return `${Math.floor(ago / hourMs)} h ago`;
  return shortDate.format(moment);
}

/** How soon `relativeTime` will say something else. */
export function relativeTimeStepMs(timestamp: string, nowMs: number): number {
  const ago = nowMs - Date.parse(timestamp);
  return ago < minuteMs ? secondMs : ago < hourMs ? 15 * secondMs : minuteMs;
}

const shortDate = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const fullDate = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** Local date and time to the second: `21 Nov 2025, 08:07:32`. */
export function fullTime(timestamp: string): string {
  const moment = Date.parse(timestamp);
  return Number.isNaN(moment) ? timestamp : fullDate.format(moment);
}

/** Local time of day to the millisecond: `08:07:32.473`. */
export function clockTime(timestamp: string): string {
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) return timestamp;
  const two = (value: number) => String(value).padStart(2, '0');
  const millis = String(moment.getMilliseconds()).padStart(3, '0');
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}.${millis}`;
}

/** `0.75 s`, `12.3 s`, `3 min 12 s`, `2 h 05 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const value = Math.max(0, seconds);
  if (value < 9.995) return `${value.toFixed(2)} s`;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** The same for something still going on: whole seconds, so that nothing flickers. */
export function runningDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return whole < 60 ? `${whole} s` : duration(whole);
}
