/** Every documentation page that is printed from a table in the code, by its path from the root of the repository. */
import { cliPage } from './cli-page.ts';
import { configurationPage } from './configuration-page.ts';
import { errorsPage } from './errors-page.ts';
import { executionStatusPage } from './execution-status-page.ts';
import { metricsPage } from './metrics-page.ts';

export function printedPages(): Readonly<Record<string, string>> {
  return {
    'docs/configuration.md': configurationPage(),
    'docs/reference/cli.md': cliPage(),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/execution-status.md': executionStatusPage(),
    'docs/reference/metrics.md': metricsPage(),
  };
}
