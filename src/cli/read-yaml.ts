/** YAML 1.1 to plain values. In a file of its own so that the parser is loaded only by the commands that read YAML. */
import { parse } from 'yaml';

/** Throws the parser's error, which names line and column. */
export function readYaml(text: string): unknown {
  return parse(text, { version: '1.1' });
}
