/** What `GET /api/v1/status` tells about the running server. */
import Type from 'typebox';

export const serviceStateSchema = Type.Object({ name: Type.String(), since: Type.String(), state: Type.String() });

export type ServiceState = Type.Static<typeof serviceStateSchema>;

export const statusSchema = Type.Object(
  {
    version: Type.String(),
    started_at: Type.String(),
    uptime_seconds: Type.Number(),
    hostname: Type.String(),
    pid: Type.Integer(),
    url: Type.String(),
    home: Type.String(),
    packs: Type.Integer(),
    actions: Type.Integer(),
    executions: Type.Object({ active: Type.Integer(), by_status: Type.Record(Type.String(), Type.Integer()) }),
    readers: Type.Integer({ description: 'connections that follow output or events' }),
    services: Type.Array(serviceStateSchema),
  },
  { title: 'Status' },
);

export type ServerStatus = Type.Static<typeof statusSchema>;
