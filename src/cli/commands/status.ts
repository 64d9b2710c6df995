/** `status`: what the server runs, since when, and how busy it is. */
import { isObject } from '../../base/json.ts';
import type { Call, Outcome } from '../command.ts';
import { displayTime } from '../output/moments.ts';
import { drawListTable } from '../output/list-table.ts';
import { drawPropertyTable } from '../output/property-table.ts';
import { openSession } from '../session.ts';
import { rowOf, rowsOf, showForProgram } from './show.ts';

export async function status(call: Call): Promise<Outcome> {
  const { client, config } = await openSession(call);
  const value = rowOf(await client.get('/status'));
  if (await showForProgram(call, value)) return 'done';
  const { terminal } = call;
  const executions = isObject(value.executions) ? value.executions : {};
  const shown = {
    version: value.version,
    url: value.url,
    host: `${String(value.hostname ?? '')} (process ${String(value.pid ?? '?')})`,
    home: value.home,
    'up since': `${displayTime(value.started_at, config.timezone)}${elapsed(value.uptime_seconds)}`,
    packs: value.packs,
    actions: value.actions,
    executions: executionsText(executions),
    'stream readers': value.readers,
  };
  await terminal.print(drawPropertyTable(shown, { attributes: Object.keys(shown), order: [] }));
  const services = rowsOf(value.services);
  if (services.length > 0)
    await terminal.print(
      drawListTable(services, {
        attributes: ['name', 'state', 'since'],
        terminalWidth: terminal.columns,
        display: { since: (since) => displayTime(since, config.timezone) },
      }),
    );
  return 'done';
}

function executionsText(executions: Record<string, unknown>): string {
  const byStatus = isObject(executions.by_status) ? executions.by_status : {};
  const counts = Object.entries(byStatus).map(([name, count]) => `${String(count)} ${name}`);
  return `${String(executions.active ?? 0)} active${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`;
}

/** ` (2d 3h 4m)`: the two or three largest units that say something. */
function elapsed(seconds: unknown): string {
  if (typeof seconds !== 'number') return '';
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [Math.floor(seconds) % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  const shown = parts.slice(first < 0 ? 3 : first, first < 0 ? 4 : first + 3);
  return ` (${shown.map(([count, unit]) => `${count}${unit}`).join(' ')})`;
}
