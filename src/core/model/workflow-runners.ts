/** Runner types whose executions start others: only these have children, and `action_is_workflow` is true of them. */
const workflowRunners: ReadonlySet<string> = new Set(['orquesta', 'action-chain', 'mistral-v2', 'runbook']);

export function isWorkflowRunner(runnerName: string): boolean {
  return workflowRunners.has(runnerName);
}
