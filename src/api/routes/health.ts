/** `/healthz`, `/readyz` and `/metrics`: for whatever watches the server. Outside `/api`, where watchers expect them. */
import Type from 'typebox';
import type { Context } from '../../operations/context.ts';
import { metricsGuard, type MetricsAccess } from '../metrics-access.ts';
import { type Route, route } from '../route.ts';

export interface HealthFacts {
  /** Why no work can be taken now, as lines for people; empty where it can. */
  problems(): Promise<readonly string[]>;
  /** All metrics, in the text form of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Nothing in between may keep the answer. */
const headers = { 'Cache-Control': 'no-store' };
const healthSchema = Type.Object({ status: Type.Literal('ok') }, { title: 'Health' });
const readinessSchema = Type.Object(
  { ready: Type.Boolean(), reasons: Type.Array(Type.String({ description: 'why not' })) },
  { title: 'Readiness' },
);

export function healthRoutes(context: Context, facts: HealthFacts, access: MetricsAccess): readonly Route[] {
  const mayReadMetrics = metricsGuard(context, access);
  return [
    route({
      method: 'GET',
      path: '/healthz',
      summary: 'The process is alive and answers',
      response: healthSchema,
      isPublic: true,
      async handle() {
        return { headers, body: { status: 'ok' } };
      },
    }),
    route({
      method: 'GET',
      path: '/readyz',
      summary: 'Ready to take work; 503 with the reasons where not',
      response: readinessSchema,
      isPublic: true,
      async handle() {
        const reasons = await facts.problems();
        const ready = reasons.length === 0;
        return { status: ready ? 200 : 503, headers, body: { ready, reasons } };
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics in the text form of Prometheus; who may read them is a setting',
      // Decides for itself who gets in.
      isPublic: true,
      async handle(request) {
        await mayReadMetrics(request);
        const { contentType, text } = await facts.metrics();
        return { headers: { ...headers, 'Content-Type': contentType }, body: text };
      },
    }),
  ];
}
