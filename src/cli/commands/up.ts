/** `up` starts the server, which is another program: the launcher hands it over before this one is loaded. */
import type { Call, Outcome } from '../command.ts';
import { UsageError } from '../options.ts';

export function up(_call: Call): Promise<Outcome> {
  return Promise.reject(new UsageError('"up" has to be the first word: stormtail up'));
}
