/** What tidy has to say: one line for one place. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function printFinding(finding: Finding): string {
  return `${finding.path}:${finding.line}: ${finding.message}`;
}
