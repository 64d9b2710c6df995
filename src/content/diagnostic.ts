/** What is wrong with the files of a pack, each with its place: what `stormtail reload` prints and registration answers. */
import { type Fault, messageOf } from '../base/errors.ts';
import type { ContentProblem } from '../core/model/content-problem.ts';
import type { ContentFile } from './read-yaml.ts';

export interface Diagnostic {
  /** What has an error is not registered; a warning says what will not work as written. */
  readonly severity: 'error' | 'warning';
  readonly pack: string;
  /** Path in the pack, `actions/local.yaml`; empty where the pack as a whole is meant. */
  readonly file: string;
  /** From 1; 0 for both where the file as a whole is meant. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface FileName {
  readonly pack: string;
  readonly file: string;
}

export function wholeFile(name: FileName, severity: Diagnostic['severity'], message: string): Diagnostic {
  return { severity, ...name, line: 0, column: 0, message };
}

export function locateProblem(name: FileName, content: ContentFile, problem: ContentProblem): Diagnostic {
  const place = content.locate(problem.path, problem.part);
  return { severity: problem.severity, ...name, ...place, message: problem.message };
}

/** From an `invalid_content` fault of `readContentFile`. */
export function unreadable(name: FileName, fault: Fault): Diagnostic {
  const { line, column, problem } = fault.details;
  const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const message = typeof problem === 'string' ? problem : messageOf(fault);
  return { severity: 'error', ...name, line: numberOf(line), column: numberOf(column), message };
}
