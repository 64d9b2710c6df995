/** The published JSON this UI reads, as far as it reads it (StackStorm's field names). Absent means none. */

export type ExecutionStatus =
  | 'requested'
  | 'delayed'
  | 'scheduled'
  | 'running'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'pending'
  | 'canceling'
  | 'succeeded'
  | 'failed'
  | 'timeout'
  | 'canceled'
  | 'abandoned';

/** JSON Schema draft 4 with `required` inside, `secret`, `immutable` and `position`. */
export interface ParameterSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly immutable?: boolean;
  readonly position?: number;
  readonly items?: ParameterSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export type ParameterSchemas = Readonly<Record<string, ParameterSchema>>;

export interface ActionSummary {
  readonly id: string;
  readonly ref: string;
  readonly pack: string;
  readonly name: string;
  readonly description?: string;
  readonly runner_type: string;
  readonly enabled?: boolean;
}

export interface Action extends ActionSummary {
  readonly parameters?: ParameterSchemas;
  readonly entry_point?: string;
}

export interface OutputSummary {
  readonly records: number;
  readonly lines: number;
  readonly bytes: number;
  /** 0 nothing is missing, -1 nobody can say how much. */
  readonly lost_bytes: number;
}

export interface Execution {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly action: {
    readonly ref: string;
    readonly pack?: string;
    readonly name?: string;
    readonly runner_type?: string;
    readonly parameters?: ParameterSchemas;
  };
  readonly start_timestamp: string;
  readonly end_timestamp?: string;
  readonly elapsed_seconds?: number;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly result_size?: number;
  readonly context?: { readonly user?: string; readonly [key: string]: unknown };
  readonly parent?: string;
  readonly children?: readonly string[];
  readonly log?: readonly { readonly timestamp: string; readonly status: ExecutionStatus; readonly reason?: string }[];
  readonly rule?: { readonly ref?: string };
  readonly trigger_type?: { readonly ref?: string };
  readonly output?: OutputSummary;
  /** What it runs can be sent input; at a terminal or not. */
  readonly input?: 'open' | 'terminal';
}

export interface OutputRecord {
  readonly execution_id: string;
  readonly timestamp: string;
  readonly output_type: string;
  readonly data: string;
  readonly seq: number;
  readonly host?: string;
  readonly lost_bytes?: number;
}

/** The frame before EOF on an execution's output stream. */
export interface OutputEnd extends OutputSummary {
  readonly execution_id: string;
  readonly status: ExecutionStatus;
  readonly exit_code?: number;
}

export interface Token {
  readonly token: string;
  readonly user: string;
  readonly expiry: string;
}
