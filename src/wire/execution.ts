/**
 * An execution as it is published: the record's own fields, times as text, the live action as a view, secrets masked,
 * and falsy top-level fields left out, as clients of StackStorm expect (spec/executions.md §1.1).
 */
import { formatTimestamp } from '../base/timestamp.ts';
import type { Execution } from '../core/model/execution.ts';
import { inputOf } from '../core/model/execution-input.ts';
import { isFinal } from '../core/model/execution-status.ts';
import type { ParameterSchemas } from '../core/model/parameter-schema.ts';
import { isObject } from '../base/json.ts';
import { maskSecrets } from '../core/model/secret.ts';
import { secretSchemas } from '../core/model/secret-schemas.ts';
import { isWorkflowRunner } from '../core/model/workflow-runners.ts';

export interface ExecutionView {
  /** What `web_url` begins with: `http://127.0.0.1:9101`. */
  readonly webUrl: string;
  /** Plain values: only for admins who asked. */
  readonly showSecrets: boolean;
}

export type PublishedExecution = Readonly<Record<string, unknown>> & { readonly id: string };

export function publishedExecution(execution: Execution, view: ExecutionView): PublishedExecution {
  const { action, runner } = execution;
  const parameters = view.showSecrets
    ? execution.parameters
    : maskSecrets(secretSchemas(runner.runner_parameters, action.parameters), execution.parameters);
  const result = execution.result && !view.showSecrets ? maskResult(execution) : execution.result;
  return withoutFalsy({
    id: execution.id,
    status: execution.status,
    action,
    runner,
    liveaction: {
      id: execution.liveaction_id,
      action: action.ref,
      action_is_workflow: isWorkflowRunner(runner.name),
      callback: {},
      ...(execution.runner_info && { runner_info: execution.runner_info }),
      parameters,
      ...(execution.notify && { notify: execution.notify }),
    },
    parameters,
    context: execution.context,
    start_timestamp: formatTimestamp(execution.start_us),
    end_timestamp: execution.end_us === undefined ? undefined : formatTimestamp(execution.end_us),
    elapsed_seconds: execution.end_us === undefined ? undefined : (execution.end_us - execution.start_us) / 1_000_000,
    log: execution.log,
    delay: execution.delay,
    parent: execution.parent,
    children: execution.children,
    result,
    result_size: execution.result_size,
    output: execution.output,
    input: inputOf(execution),
    web_url: `${view.webUrl}/#/history/${execution.id}/general`,
  });
}

/** The live action, as the stream's `st2.liveaction__*` events carry it: `result` is JSON text there. */
export function publishedLiveAction(execution: Execution, view: ExecutionView): Readonly<Record<string, unknown>> {
  const { action, runner } = execution;
  const parameters = maskSecrets(secretSchemas(runner.runner_parameters, action.parameters), execution.parameters);
  const fields = {
    id: execution.liveaction_id,
    action: action.ref,
    action_is_workflow: isWorkflowRunner(runner.name),
    status: execution.status,
    start_timestamp: formatTimestamp(execution.start_us),
    end_timestamp: execution.end_us === undefined ? null : formatTimestamp(execution.end_us),
    parameters: view.showSecrets ? execution.parameters : parameters,
    result: JSON.stringify((view.showSecrets ? execution.result : maskResult(execution)) ?? {}),
    context: execution.context,
    callback: {},
    runner_info: execution.runner_info ?? {},
    notify: execution.notify ?? null,
    delay: execution.delay ?? null,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

export function isCompleted(execution: Pick<Execution, 'status'>): boolean {
  return isFinal(execution.status);
}

/** Values of the result that the action's output schema calls secret. */
function maskResult(execution: Execution): Execution['result'] {
  const { result, action, runner } = execution;
  const key = runner.output_key;
  const schemas = outputSchemas(action.output_schema);
  if (!result || key === undefined || schemas === undefined) return result;
  const value = result[key];
  return isObject(value) ? { ...result, [key]: maskSecrets(schemas, value) } : result;
}

/** Both forms: a JSON schema with `properties`, and the older plain map of names to schemas. */
function outputSchemas(schema: Readonly<Record<string, unknown>>): ParameterSchemas | undefined {
  const properties = typeof schema.type === 'string' ? schema.properties : schema;
  if (!isObject(properties) || Object.keys(properties).length === 0) return undefined;
  return properties as ParameterSchemas; // checked to be a map; each value is only asked for its own keywords
}

function withoutFalsy(fields: Readonly<Record<string, unknown>> & { id: string }): PublishedExecution {
  const kept = Object.entries(fields).filter(([, value]) => !isFalsy(value));
  return { ...Object.fromEntries(kept), id: fields.id };
}

/** Python's truth: empty text, lists and objects and zero are false. */
function isFalsy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return !value;
}
