/**
 * `execution attach`: prints an execution's output as it comes, and sends it what is typed or piped in. Where it has a
 * terminal and we have one, each key goes there as it is pressed; else lines do.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../base/errors.ts';
import { InputSender, type Sent } from '../../client/send-input.ts';
import { persist } from '../../client/passing.ts';
import type { Call, Outcome } from '../command.ts';
import { openSession, type Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { isOver, outageTalk, printEnd, printKept, printLive, readExecution } from './output-printer.ts';
import type { Row } from './show.ts';

/** Ctrl-], as of telnet: all other keys belong to the program. */
const detachKey = 0x1d;
const startPollMs = { first: 50, longest: 1_000 } as const;

export async function attach(call: Call): Promise<Outcome> {
  const { terminal } = call;
  const session = await openSession(call);
  const execution = await readExecution(session, call.args[0] ?? 'last');
  if (isOver(execution)) {
    const id = String(execution.id);
    await printKept(session, terminal, { executionId: id, withMetadata: false });
    await printEnd(terminal, id, String(execution.status));
    return outcomeOf(String(execution.status));
  }
  const status = await attachTo(session, terminal, execution, call.options.has('lines') ? 'lines' : 'keys');
  return status === undefined ? 'done' : outcomeOf(status);
}

/** As for `tail`. */
function outcomeOf(status: string): Outcome {
  return status === 'failed' ? 'failed' : 'done';
}

/**
 * Follows to the end and sends what comes in; resolves to the status the execution ended in, undefined where the person left.
 * `wish`: how to send what is typed, where there is a choice.
 */
export async function attachTo(
  session: Session,
  terminal: Terminal,
  execution: Row,
  wish: 'keys' | 'lines',
): Promise<string | undefined> {
  const id = String(execution.id);
  if (execution.input === undefined) {
    terminal.tell(`execution ${id} takes no input: only actions that are run with interactive=true or tty=true do`);
    return printLive(session, terminal, { executionId: id, withMetadata: false });
  }
  const leaving = new AbortController();
  const over = new AbortController();
  const leave = () => leaving.abort();
  const sendsKeys = wish === 'keys' && execution.input === 'terminal' && process.stdin.isTTY === true;
  if (process.stdin.isTTY)
    terminal.tell(
      `attached to execution ${id}; ${sendsKeys ? 'Ctrl-] detaches' : 'Ctrl-D ends its input, Ctrl-C detaches'}`,
    );
  process.on('SIGINT', leave);
  const signal = AbortSignal.any([leaving.signal, over.signal]);
  const sending = sendAll(session, terminal, { id, sendsKeys, signal, leave });
  try {
    return await printLive(session, terminal, { executionId: id, withMetadata: false, signal: leaving.signal });
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    terminal.tell(`\ndetached; execution ${id} goes on. To cancel it: st2 execution cancel ${id}`);
    return undefined;
  } finally {
    process.off('SIGINT', leave);
    over.abort();
    await sending;
  }
}

interface Sending {
  readonly id: string;
  readonly sendsKeys: boolean;
  readonly signal: AbortSignal;
  readonly leave: () => void;
}

/** From our standard input to the execution, until either ends. What goes wrong is told; the output is followed all the same. */
async function sendAll(session: Session, terminal: Terminal, sending: Sending): Promise<void> {
  const { stdin } = process;
  const { id, sendsKeys, signal } = sending;
  const stopReading = () => void stdin.destroy();
  signal.addEventListener('abort', stopReading, { once: true });
  try {
    await untilRunning(session, terminal, id, signal);
    if (sendsKeys) stdin.setRawMode(true);
    const sender = new InputSender(session.client, id, signal);
    const sent = await sendFrom(stdin, sender, sending);
    if (sent.kind === 'refused') terminal.tell(sent.reason);
  } catch (error) {
    if (!signal.aborted) terminal.tell(`no more input is sent: ${messageOf(error)}`);
  } finally {
    signal.removeEventListener('abort', stopReading);
    if (sendsKeys) stdin.setRawMode(false);
    stdin.destroy();
  }
}

async function sendFrom(
  stdin: AsyncIterable<Buffer>,
  sender: InputSender,
  { sendsKeys, leave }: Sending,
): Promise<Sent> {
  for await (const bytes of stdin) {
    const leavesAt = sendsKeys ? bytes.indexOf(detachKey) : -1;
    const sent = await sender.send(leavesAt < 0 ? bytes : bytes.subarray(0, leavesAt));
    if (leavesAt >= 0) leave();
    if (leavesAt >= 0 || sent.kind === 'refused') return sent;
  }
  return sender.end();
}

/** Before that it takes no input. */
async function untilRunning(session: Session, terminal: Terminal, id: string, signal: AbortSignal): Promise<void> {
  const talk = outageTalk(terminal);
  for (let delayMs: number = startPollMs.first; ; delayMs = Math.min(delayMs * 2, startPollMs.longest)) {
    const execution = await persist(talk, () => readExecution(session, id));
    if (execution.status === 'running' || isOver(execution)) return;
    await sleep(delayMs, undefined, { signal });
  }
}
