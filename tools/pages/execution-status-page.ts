/** docs/reference/execution-status.md: statuses and legal moves, from the table in src/core/model/execution-status.ts. */
import {
  canMove,
  executionMoves,
  executionStatuses,
  isFailure,
  isFinal,
} from '../../src/core/model/execution-status.ts';
import { markdownTable } from './markdown-table.ts';
import { printedFrom } from './printed-from.ts';

const introduction = `# Statuses of an execution

A status changes only by a move of this table, by compare-and-set: of two rivals one wins and the other is told so. A final
status never changes.`;

export function executionStatusPage(): string {
  const moves = markdownTable(
    ['status', 'kind', 'may become'],
    executionStatuses.map((status) => [
      `\`${status}\``,
      isFinal(status) ? (isFailure(status) ? 'final, failure' : 'final') : 'active',
      executionMoves[status].map((to) => `\`${to}\``).join(', ') || 'nothing',
    ]),
  );
  const matrix = markdownTable(
    ['from \\ to', ...executionStatuses],
    executionStatuses.map((from) => [from, ...executionStatuses.map((to) => (canMove(from, to) ? '●' : ''))]),
  );
  return `${[printedFrom('src/core/model/execution-status.ts'), introduction, moves, '## Every pair', matrix].join('\n\n')}\n`;
}
