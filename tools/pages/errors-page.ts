/** docs/reference/errors.md: the error table of src/base/errors.ts, in the order of the table. */
import { errorTable } from '../../src/base/errors.ts';
import { markdownTable } from './markdown-table.ts';
import { printedFrom } from './printed-from.ts';

const introduction = `# Errors

Every error that can reach you has one of these codes. A message says which thing, where, and what was expected; details
for programs stand beside it.

*caller*: what was asked for is not possible as asked. Asking again in the same way gives the same answer.
*world*: something outside failed: a disk, a process, a connection, a bound. It is retried or reported, and asking again
later may succeed.`;

export function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, row]) => [`\`${code}\``, row.kind, row.when]);
  const table = markdownTable(['code', 'whose', 'when'], rows);
  return `${[printedFrom('src/base/errors.ts'), introduction, table].join('\n\n')}\n`;
}
