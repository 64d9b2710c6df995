/** `execution tail`: output of an execution that runs, or ran. */
import type { Call, Outcome } from '../command.ts';
import { UsageError } from '../options.ts';
import { valueAt } from '../output/attributes.ts';
import { openSession, type Session } from '../session.ts';
import { isWorkflow } from './execution-view.ts';
import { isOver, type PrintOptions, printEnd, printKept, printLive, readExecution } from './output-printer.ts';
import { type Row, rowsOf } from './show.ts';

export async function tail(call: Call): Promise<Outcome> {
  const { args, options, terminal } = call;
  const since = options.text('since');
  if (since !== undefined && !/^\d+$/.test(since))
    throw new UsageError(`option --since: "${since}" is not a record number`);
  const lines = options.integer('tail');
  if (lines !== undefined && lines < 1) throw new UsageError(`option --tail: expected a number from 1, got ${lines}`);
  const grep = grepOf(call);
  if (grep && lines !== undefined) throw new UsageError('option --tail: cannot be combined with --grep');
  const isRecursive = options.has('recursive');
  const notRecursive = (['no-follow', 'tail', 'since'] as const).find((name) => options.has(name));
  if (isRecursive && notRecursive)
    throw new UsageError(`option --${notRecursive}: cannot be combined with --recursive`);
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
    ...(lines === undefined ? {} : { tail: lines }),
    ...(grep && { grep }),
    ...namesOf(execution, options.has('no-prefix') ? 'none' : isRecursive ? 'wanted' : 'by host'),
  };
  if (isRecursive) return outcomeOf(await printLive(session, terminal, { ...print, isRecursive }));
  if (isOver(execution)) {
    await printKept(session, terminal, print);
    await printEnd(terminal, print.executionId, String(execution.status));
    return outcomeOf(String(execution.status));
  }
  if (options.has('no-follow')) {
    await printKept(session, terminal, print);
    return 'done';
  }
  // As the original does: what tasks print is the output of their workflow, as long as it runs.
  return outcomeOf(await printLive(session, terminal, { ...print, isRecursive: isWorkflow(execution) }));
}

function grepOf({ options }: Call): PrintOptions['grep'] {
  const pattern = options.text('grep');
  if (pattern === undefined) return undefined;
  return { pattern, isRegex: options.has('regex'), ignoresCase: options.has('ignore-case') };
}

/** Kept text does not say of which host it is: records are asked for where there may be several. */
function namesOf(execution: Row, wish: 'none' | 'wanted' | 'by host'): Pick<PrintOptions, 'names'> {
  if (wish !== 'by host') return { names: wish === 'none' ? 'none' : 'host and task' };
  return isOver(execution) && valueAt(execution, 'parameters.hosts') !== undefined ? { names: 'host and task' } : {};
}

async function findExecution(session: Session, id: string): Promise<Row | undefined> {
  if (id !== 'last') return readExecution(session, id);
  return rowsOf(await session.client.get('/executions/', [['limit', '1']]))[0];
}

/** As for `run`: only `failed` counts as failure, so that both commands agree. */
function outcomeOf(status: string): Outcome {
  return status === 'failed' ? 'failed' : 'done';
}
