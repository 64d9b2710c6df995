/**
 * Reads the INI form of st2.conf: `[section]`, `name = value` or `name: value`, comment lines that begin with `#` or
 * `;`, indented lines that continue a value, values in one pair of quotes. What a name means is left to `config.ts`.
 * A comment sign inside a value belongs to the value, as in the original: passwords may contain one.
 */

export interface IniEntry {
  readonly section: string;
  readonly name: string;
  readonly value: string;
  /** Where the name stands, counted from 1. */
  readonly line: number;
}

export interface IniProblem {
  readonly line: number;
  readonly message: string;
}

export interface IniDocument {
  /** In the order of the file; the same name may come twice. */
  readonly entries: readonly IniEntry[];
  /** Every section that was opened, entries or not. */
  readonly sections: readonly { readonly name: string; readonly line: number }[];
  readonly problems: readonly IniProblem[];
}

/** What stands before the first `[section]` belongs to this one, as in the original. */
const firstSection = 'DEFAULT';

export function parseIni(text: string): IniDocument {
  const entries: IniEntry[] = [];
  const sections: { name: string; line: number }[] = [];
  const problems: IniProblem[] = [];
  let section = firstSection;
  let open: { section: string; name: string; parts: string[]; line: number } | undefined;
  const close = () => {
    if (open) entries.push({ ...open, value: unquote(open.parts.join('\n').trim()) });
    open = undefined;
  };

  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const trimmed = raw.trim();
    if (trimmed === '') {
      close();
      continue;
    }
    if (trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    if (/^\s/.test(raw)) {
      if (open) open.parts.push(trimmed);
      else problems.push({ line, message: 'an indented line continues a value, but no value stands above it' });
      continue;
    }
    close();
    if (trimmed.startsWith('[')) {
      const name = /^\[([^\]]+)\]$/.exec(trimmed)?.[1]?.trim();
      if (name) {
        section = name;
        sections.push({ name, line });
      } else {
        problems.push({ line, message: `expected "[section]", got ${JSON.stringify(trimmed)}` });
      }
      continue;
    }
    const match = /^([^=:]+?)\s*[=:](.*)$/.exec(trimmed);
    if (match?.[1]) open = { section, name: match[1], parts: [match[2] ?? ''], line };
    else problems.push({ line, message: `expected "name = value" or "[section]", got ${JSON.stringify(trimmed)}` });
  }
  close();
  return { entries, sections, problems };
}

function unquote(value: string): string {
  const first = value[0];
  const isQuoted = value.length >= 2 && (first === '"' || first === "'") && value.endsWith(first);
  return isQuoted ? value.slice(1, -1) : value;
}
