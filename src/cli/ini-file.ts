/** The INI form of the client's configuration, as Python's ConfigParser reads it, and edits that keep the rest as it is. */
import { Fault } from '../base/errors.ts';

export type Ini = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Throws Fault `invalid_config` naming file and line. Names are folded to lower case; later values win. */
export function parseIni(text: string, fileName: string): Ini {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let last: string | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const head = /^\[([^\]]+)\]$/.exec(trimmed);
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(trimmed);
    if (head) {
      const name = head[1] ?? '';
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      last = undefined;
    } else if (section && last !== undefined && /^\s/.test(line)) {
      section.set(last, `${section.get(last) ?? ''}\n${trimmed}`);
    } else if (section && pair) {
      last = (pair[1] ?? '').toLowerCase();
      section.set(last, pair[2] ?? '');
    } else {
      const what = section ? 'name = value' : 'a [section] first';
      throw new Fault('invalid_config', `${fileName}, line ${index + 1}: expected ${what}, found "${trimmed}"`);
    }
  }
  return sections;
}

/** The text with the section's options set (or, undefined, removed); everything else, comments too, stays. */
export function editIni(text: string, section: string, changes: Readonly<Record<string, string | undefined>>): string {
  const lines = text === '' ? [] : text.replace(/\n*$/, '').split('\n');
  const start = lines.findIndex((line) => line.trim() === `[${section}]`);
  if (start < 0) {
    const added = Object.entries(changes).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} = ${value}`],
    );
    return [...lines, ...(lines.length > 0 ? [''] : []), `[${section}]`, ...added, '', ''].join('\n');
  }
  const next = lines.findIndex((line, index) => index > start && /^\s*\[/.test(line));
  const end = next < 0 ? lines.length : next;
  const kept = lines.slice(start + 1, end).filter((line) => {
    const name = /^([^=:#;\s][^=:]*?)\s*[=:]/.exec(line)?.[1]?.toLowerCase();
    return name === undefined || !Object.hasOwn(changes, name);
  });
  const set = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${value}`]));
  return [...lines.slice(0, start + 1), ...set, ...kept, ...lines.slice(end), ...(next < 0 ? ['', ''] : [''])]
    .join('\n')
    .replace(/\n{3,}$/, '\n\n');
}
