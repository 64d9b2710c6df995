/** Output of a shell command as it is in a result, wherever it ran (spec/executions.md §8.2). */
import { tryParseJson } from '../base/json.ts';

/** Without the last line ending, and JSON as its value unless `isText`: a text that was cut is none any more. */
export function shellValue(text: string, isText: boolean): unknown {
  return isText ? stripEnd(text) : sniffJson(stripEnd(text));
}

function stripEnd(text: string): string {
  const withoutNewline = text.endsWith('\n') ? text.slice(0, -1) : text;
  return withoutNewline.endsWith('\r') ? withoutNewline.slice(0, -1) : withoutNewline;
}

/** Output that is JSON becomes its value: existing workflows rely on it (StackStorm PR #956). */
function sniffJson(text: string): unknown {
  // Only texts that can be JSON are parsed: the attempt costs most where the answer is no.
  if (!/^\s*(?:[[{"\d-]|true\s*$|false\s*$|null\s*$)/.test(text)) return text;
  const value = tryParseJson(text);
  return value === undefined ? text : value;
}

/** True where sudo did not let the command begin for want of the right password. */
export function isSudoRefusal(stderr: string): boolean {
  return (
    /^sudo: \d+ incorrect password attempts?$/m.test(stderr) ||
    /^sudo: (a|no) password (is required|was provided)$/m.test(stderr)
  );
}

export function sudoRefusal(user: string): string {
  return `Invalid sudo password provided or sudo is not configured for this user (${user})`;
}
