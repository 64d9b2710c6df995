/** `GET /api/v1/status`: what runs here, since when, doing what. */
import { formatTimestamp } from '../../base/timestamp.ts';
import type { Context } from '../../operations/context.ts';
import { countContent, countExecutions } from '../../operations/status.ts';
import { type ServerStatus, type ServiceState, statusSchema } from '../../wire/status.ts';
import { type Route, route } from '../route.ts';

/** What only the process itself knows; asked at each request. */
export interface ProcessFacts {
  readonly version: string;
  readonly startedUs: number;
  /** Connections that follow output or events. */
  readers(): number;
  services(): readonly ServiceState[];
}

export function statusRoutes(context: Context, facts: ProcessFacts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/status',
      summary: 'What runs here, since when, doing what',
      response: statusSchema,
      async handle() {
        const { settings, clock } = context;
        const [content, executions] = await Promise.all([countContent(context), countExecutions(context)]);
        const body: ServerStatus = {
          version: facts.version,
          started_at: formatTimestamp(facts.startedUs),
          uptime_seconds: Math.round((clock.nowUs() - facts.startedUs) / 1000) / 1000,
          hostname: settings.hostname,
          pid: process.pid,
          url: settings.webUrl,
          home: settings.home,
          ...content,
          executions: { active: executions.active, by_status: { ...executions.by_status } },
          readers: facts.readers(),
          services: [...facts.services()],
        };
        return { body };
      },
    }),
  ];
}
