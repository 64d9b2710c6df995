/** What the runner parameters `stdin`, `interactive` and `tty` ask of a process. */
import { isObject } from '../../base/json.ts';
import { Fault } from '../../base/errors.ts';
import type { ProcessPlan } from '../process.ts';
import type { RunRequest } from '../runner.ts';
import { requirePassable } from './start-checks.ts';

export interface InputPlan {
  readonly stdin?: string;
  readonly open?: Pick<ProcessPlan, 'isInputOpen' | 'terminal'>;
}

/** As wide as most logs are read; the rows are what a screen has. */
const sizeUsual = { columns: 120, rows: 40 } as const;
/** A terminal's size is kept in 16 bits. */
const sizeMax = 65_535;

export function inputPlan({ action, runnerParameters }: RunRequest): InputPlan {
  const { stdin, interactive, tty, env } = runnerParameters;
  const text = typeof stdin === 'string' && stdin !== '' ? { stdin } : {};
  if (tty !== true) return { ...text, ...(interactive === true && { open: { isInputOpen: true } }) };
  if (text.stdin !== undefined) requirePassable(`action ${action.ref}: parameter "stdin"`, text.stdin);
  const given = isObject(env) ? env : {};
  const terminal = {
    columns: sizeOf(given.COLUMNS) ?? sizeUsual.columns,
    rows: sizeOf(given.LINES) ?? sizeUsual.rows,
  };
  return { ...text, open: { isInputOpen: true, terminal } };
}

/** What programs are told of a terminal, unless `env` says otherwise. Without one nothing is said: no program need colour. */
export function terminalEnvironment({ open }: InputPlan): Readonly<Record<string, string>> {
  if (!open?.terminal) return {};
  return { TERM: 'xterm-256color', COLUMNS: String(open.terminal.columns), LINES: String(open.terminal.rows) };
}

/** Fault `start_failed`: sudo would read a password from the terminal, where it is shown. */
export function requireNoPassword({ action }: RunRequest, { open }: InputPlan): void {
  if (!open?.terminal) return;
  throw new Fault(
    'start_failed',
    `action ${action.ref}: sudo_password cannot be used with tty; leave it out, and answer the prompt of sudo instead`,
  );
}

function sizeOf(value: unknown): number | undefined {
  const size = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  return Number.isInteger(size) && size > 0 && size <= sizeMax ? size : undefined;
}
