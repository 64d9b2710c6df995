/** An API server with the routes and streams of output, and executions in it whose output a test writes piece by piece. */
import { EventJournal } from '../../src/api/event-journal.ts';
import { outputRoutes } from '../../src/api/routes/output.ts';
import { streamRoutes } from '../../src/api/routes/streams.ts';
import type { Execution } from '../../src/core/model/execution.ts';
import { isFinal } from '../../src/core/model/execution-status.ts';
import type { OutputType } from '../../src/core/model/output-record.ts';
import type { OutputSegment } from '../../src/core/model/output-segment.ts';
import type { Bus } from '../../src/bus/bus.ts';
import type { Context } from '../../src/operations/context.ts';
import { publishChange } from '../../src/operations/execution-changes.ts';
import { OutputHub } from '../../src/operations/output-hub.ts';
import type { OutputWriter } from '../../src/store/output-store.ts';
import { startTestApi, type TestApi } from './api-server.ts';
import { sampleExecution } from './sample-execution.ts';

export interface OutputApi extends AsyncDisposable {
  readonly api: TestApi;
  readonly hub: OutputHub;
  /** An execution that runs and may be written to. */
  begin(wish?: Partial<Execution>): Promise<Printing>;
  /** An execution that is over, with this output. */
  printed(pieces: readonly Piece[], wish?: Partial<Execution>): Promise<Execution>;
}

export type Piece = readonly [type: OutputType, text: string | Uint8Array, host?: string];

export interface Printing {
  readonly execution: Execution;
  readonly writer: OutputWriter;
  print(...pieces: readonly Piece[]): void;
  end(status?: 'succeeded' | 'failed'): Promise<Execution>;
}

export async function startOutputApi(): Promise<OutputApi> {
  // The routes need the context that the server is built with.
  const parts: { context?: Context; hub?: OutputHub } = {};
  const api = await startTestApi({
    routesOf: (context) => {
      parts.context = context;
      parts.hub = new OutputHub(context);
      return [...outputRoutes(context, parts.hub), ...streamRoutes(context, parts.hub, journalOf(context), 25_000)];
    },
  });
  const { context, hub } = parts;
  if (!context || !hub) throw new Error('the server was built without its routes');
  const begin: OutputApi['begin'] = async (wish) => {
    const startUs = context.clock.nowUs();
    const execution = sampleExecution({ id: context.newId(), status: 'running', start_us: startUs, ...wish });
    await context.store.executions.insert(execution);
    publishChange(context, 'create', execution);
    const writer = await context.output.open(execution.id, publisher(context.bus, execution.id));
    return {
      execution,
      writer,
      print(...pieces) {
        for (const [type, text, host] of pieces) writer.write(type, Buffer.from(text), host);
      },
      async end(status = 'succeeded') {
        writer.flush();
        const output = await writer.seal();
        const atUs = context.clock.nowUs();
        const finished = await context.store.executions.finish(execution.id, {
          to: status,
          atUs,
          endUs: atUs,
          result: {},
          output,
        });
        if (!finished || !isFinal(finished.status)) throw new Error('the execution did not end');
        publishChange(context, 'update', finished);
        return finished;
      },
    };
  };
  return {
    api,
    hub,
    begin,
    async printed(pieces, wish) {
      const printing = await begin(wish);
      printing.print(...pieces);
      return printing.end();
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function journalOf({ bus, clock, store }: Context): EventJournal {
  const view = { webUrl: '', showSecrets: false };
  return new EventJournal({ bus, clock, view, find: (id, result) => store.executions.find(id, result) });
}

function publisher(bus: Bus, id: string) {
  return {
    isWanted: () => bus.hasListeners('output.appended', id),
    appended: (segments: readonly OutputSegment[]) =>
      bus.publish('output.appended', { execution_id: id, segments }, id),
    storageFull: () => {},
  };
}
