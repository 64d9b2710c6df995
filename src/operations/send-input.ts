/**
 * Sending input to the program of a running execution: an answer to its prompt. It is stored nowhere, as it may be a
 * password; the log says who sent how much.
 */
import { Fault } from '../base/errors.ts';
import type { InputReply } from '../bus/bus.ts';
import type { Execution } from '../core/model/execution.ts';
import { inputOf } from '../core/model/execution-input.ts';
import { isFinal } from '../core/model/execution-status.ts';
import type { Context, Requester } from './context.ts';
import { getExecution } from './find-executions.ts';

export interface Input {
  readonly data: string;
  /** The input ends behind it; in a terminal, as by Ctrl-D. */
  readonly isEnd: boolean;
}

/** In one request. What people type is short; programs that feed a file send several. */
export const inputBytesMax = 64 * 1024;

/** Longer than the runner waits for the program to read. */
const answerWithinMs = 10_000;

/** Resolves to the bytes that were taken. Throws `no_input`; `busy` where the program does not read. */
export async function sendInput(context: Context, requester: Requester, id: string, input: Input): Promise<number> {
  const bytes = requireInput(input);
  requireTaking(await getExecution(context, id));
  const reply = await ask(context, id, input);
  if (reply === undefined) {
    // It may have come to its end in that very moment.
    requireTaking(await getExecution(context, id));
    throw new Fault(
      'no_input',
      `the action runner of execution ${id} does not answer: whether the input was taken is not known`,
    );
  }
  if (reply.kind === 'refused') throw new Fault(reply.code, reply.message, { details: { execution: id } });
  context.log.info({ execution: id, user: requester.user, bytes, end: input.isEnd }, 'input was sent to an execution');
  return bytes;
}

function requireInput({ data, isEnd }: Input): number {
  if (data === '' && !isEnd) throw new Fault('invalid_input', 'nothing to send: expected "data", or "eof": true');
  if (/\p{Surrogate}/u.test(data))
    throw new Fault('invalid_input', 'data: no valid Unicode: it holds half of a surrogate pair');
  const bytes = Buffer.byteLength(data);
  if (bytes > inputBytesMax)
    throw new Fault('invalid_input', `data: ${bytes} bytes; at most ${inputBytesMax} are taken at once`);
  return bytes;
}

function requireTaking(execution: Execution): void {
  const { id, status } = execution;
  const refusal = (why: string) => new Fault('no_input', `execution ${id} ${why}`, { details: { execution: id } });
  if (isFinal(status)) throw refusal(`is over (${status}): nothing reads its input`);
  if (inputOf(execution) === undefined)
    throw refusal('takes no input: only actions that are run with interactive: true or tty: true do');
  if (status !== 'running') throw refusal(`is ${status}: it takes input while it is running`);
}

/** Undefined where nobody answers. */
async function ask(
  { bus, clock, newId }: Context,
  id: string,
  { data, isEnd }: Input,
): Promise<InputReply | undefined> {
  const requestId = newId();
  let cancel = () => {};
  const answered = new Promise<InputReply | undefined>((resolve) => {
    const subscription = bus.subscribe('execution.input.answered', ({ reply }) => done(reply), requestId);
    const done = (reply: InputReply | undefined) => {
      subscription[Symbol.dispose]();
      resolve(reply);
    };
    cancel = clock.after(answerWithinMs, () => done(undefined));
  });
  bus.publish('execution.input', { id, request_id: requestId, data, is_end: isEnd }, id);
  try {
    return await answered;
  } finally {
    cancel();
  }
}
