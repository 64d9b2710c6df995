/**
 * What must not be seen of one execution: its secret parameters, the token its process is given, and the secrets of its
 * pack's configuration. Its output hides them by itself (store/output-store.ts); results, reasons and log lines pass here.
 */
import { messageOf } from '../base/errors.ts';
import type { Execution } from '../core/model/execution.ts';
import { redactorOf } from '../core/model/redaction.ts';
import { secretValues } from '../core/model/secret.ts';
import { secretSchemas } from '../core/model/secret-schemas.ts';
import type { Context } from '../operations/context.ts';
import { type PackConfig, readPackConfig } from '../operations/pack-config.ts';
import { issueServiceToken } from '../operations/service-token.ts';
import type { Outcome } from '../runners/runner.ts';

export class ExecutionSecrets {
  /** For calling back while the execution runs. */
  readonly token: string;
  readonly #context: Context;
  readonly #execution: Execution;
  #values: readonly string[];

  constructor(context: Context, execution: Execution) {
    this.#context = context;
    this.#execution = execution;
    const { runner, action, parameters } = execution;
    // As of its beginning, which is stored: a server that takes it over has to hide the token that an earlier one made.
    const running = execution.log.findLast(({ status }) => status === 'running');
    const sinceUs = running ? Date.parse(running.timestamp) * 1000 : execution.start_us;
    this.token = issueServiceToken(context, execution.id, execution.context.user, sinceUs);
    this.#values = [
      ...secretValues(secretSchemas(runner.runner_parameters, action.parameters), parameters),
      this.token,
    ];
  }

  get values(): readonly string[] {
    return this.#values;
  }

  /** The configuration that the action gets, if it gets one; its secrets are hidden from then on. */
  async readConfig(): Promise<PackConfig['values']> {
    const { runner, action } = this.#execution;
    if (runner.name !== 'python-script') return {};
    const pack = await this.#context.store.content.findPack(action.pack);
    const { values, secrets } = await readPackConfig(this.#context, action.pack, pack?.path);
    this.#values = [...new Set([...this.#values, ...secrets])];
    return values;
  }

  /**
   * The same for a process that was given its configuration by an earlier server. Where it had printed anything, its log
   * knows what to hide; a configuration that cannot be read any more is no reason to end it.
   */
  async recallConfig(): Promise<void> {
    try {
      await this.readConfig();
    } catch (error) {
      this.#context.log.warn(
        { execution: this.#execution.id, error: messageOf(error) },
        'the secrets of a configuration that cannot be read are not hidden in the output of an adopted execution',
      );
    }
  }

  /** A JSON value without them. */
  redact<T>(value: T): T {
    return redactorOf(this.#values)?.redactValue(value) ?? value;
  }

  redactOutcome<T extends Outcome & { readonly reason?: string }>(outcome: T): T {
    const { result, reason } = outcome;
    return { ...outcome, result: this.redact(result), ...(reason !== undefined && { reason: this.redact(reason) }) };
  }
}
