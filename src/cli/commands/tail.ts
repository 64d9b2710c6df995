/** `execution tail`: output of an execution that runs, or ran. */
import type { Call, Outcome } from '../command.ts';
import { UsageError } from '../options.ts';
import { openSession, type Session } from '../session.ts';
import { isOver, printEnd, printKept, printLive, readExecution } from './output-printer.ts';
import { type Row, rowsOf } from './show.ts';

export async function tail(call: Call): Promise<Outcome> {
  const { args, options, terminal } = call;
  const since = options.text('since');
  if (since !== undefined && !/^\d+$/.test(since))
    throw new UsageError(`option --since: "${since}" is not a record number`);
  const session = await openSession(call);
  const execution = await findExecution(session, args[0] ?? 'last');
  if (!execution) {
    await terminal.print('No executions found in db.');
    return 'done';
  }
  const type = options.text('type');
  const print = {
    executionId: String(execution.id),
    withMetadata: options.has('include-metadata'),
    ...(type === undefined || type === 'all' ? {} : { outputType: type }),
    ...(since === undefined ? {} : { since }),
  };
  if (isOver(execution)) {
    await printKept(session, terminal, print);
    await printEnd(terminal, print.executionId, String(execution.status));
    return outcomeOf(String(execution.status));
  }
  if (options.has('no-follow')) {
    await printKept(session, terminal, print);
    return 'done';
  }
  return outcomeOf(await printLive(session, terminal, print));
}

async function findExecution(session: Session, id: string): Promise<Row | undefined> {
  if (id !== 'last') return readExecution(session, id);
  return rowsOf(await session.client.get('/executions/', [['limit', '1']]))[0];
}

/** As for `run`: only `failed` counts as failure, so that both commands agree. */
function outcomeOf(status: string): Outcome {
  return status === 'failed' ? 'failed' : 'done';
}
