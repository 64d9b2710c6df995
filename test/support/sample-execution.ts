/** Executions, actions and runner types for tests that need some: complete records, of which a test names what it is about. */
import { objectIds } from '../../src/base/object-id.ts';
import type { Action } from '../../src/core/model/action.ts';
import type { Execution } from '../../src/core/model/execution.ts';
import type { RunnerType } from '../../src/core/model/runner-type.ts';

/** 2023-11-14T22:13:20Z, where ManualClock begins too. */
export const sampleUs = 1_700_000_000_000_000;

const nextId = objectIds(() => sampleUs);

export function sampleId(): string {
  return nextId();
}

export function sampleAction(wish: Partial<Action> = {}): Action {
  const ref = wish.ref ?? 'core.local';
  const [pack = '', ...name] = ref.split('.');
  return {
    id: sampleId(),
    ref,
    uid: `action:${pack}:${name.join('.')}`,
    pack,
    name: name.join('.'),
    enabled: true,
    entry_point: '',
    runner_type: 'local-shell-cmd',
    parameters: {},
    output_schema: {},
    tags: [],
    notify: {},
    metadata_file: `actions/${name.join('.')}.yaml`,
    ...wish,
  };
}

export function sampleRunnerType(wish: Partial<RunnerType> = {}): RunnerType {
  const name = wish.name ?? 'local-shell-cmd';
  return {
    id: sampleId(),
    uid: `runner_type:${name}`,
    name,
    description: '',
    enabled: true,
    runner_package: 'local_runner',
    runner_module: 'local_shell_command_runner',
    runner_parameters: { cmd: { type: 'string' } },
    output_schema: {},
    ...wish,
  };
}

const action = sampleAction();
const runner = sampleRunnerType();

/** A requested execution of `core.local` by `ann`, due since it was requested, unless `wish` says otherwise. */
export function sampleExecution(wish: Partial<Execution> = {}): Execution {
  const startUs = wish.start_us ?? sampleUs;
  const status = wish.status ?? 'requested';
  return {
    id: sampleId(),
    liveaction_id: sampleId(),
    status,
    start_us: startUs,
    due_us: startUs,
    action,
    runner,
    parameters: { cmd: 'date' },
    context: { user: 'ann', pack: 'core' },
    log: [{ timestamp: '2023-11-14T22:13:20.000000Z', status }],
    children: [],
    attempt: 0,
    ...wish,
  };
}
