/** docs/configuration.md: where settings come from, then every option of the two tables. */
import { variableOf } from '../../src/app/config.ts';
import { configOptions, type OptionRow } from '../../src/app/config-options.ts';
import { acceptedOptions } from '../../src/app/config-options-accepted.ts';
import { markdownTable } from './markdown-table.ts';
import { printedFrom } from './printed-from.ts';

const introduction = `# Configuration

Nothing has to be configured: \`npm start\` runs with the defaults below.

| variable | default | meaning |
|---|---|---|
| \`STORMTAIL_HOME\` | \`~/.stormtail\` | folder of the database, output, packs, users and \`stormtail.conf\` |
| \`STORMTAIL_LISTEN\` | \`127.0.0.1:9101\` | \`host:port\` of the one listener: web UI, API, auth and stream. \`:9101\` listens on all addresses, port 0 takes any free one |
| \`STORMTAIL_COMPAT_PORTS\` | \`on\` | also open the ports that StackStorm's clients expect: 9100 (auth) and 9102 (stream) |

Everything else is in \`stormtail.conf\` in \`STORMTAIL_HOME\`, in the INI form of \`st2.conf\` with its section and option
names, or in a variable \`STORMTAIL_<SECTION>_<OPTION>\`. The environment wins over the file, the file over the default.

\`\`\`ini
[api]
allow_origin = https://automation.example.org

[stormtail]
action_kill_grace_ms = 10000
\`\`\`

\`\`\`sh
STORMTAIL_API_MAX_PAGE_SIZE=500 npm start
\`\`\`

* An unknown section or option is reported by name and line at start, and the start goes on:
  \`stormtail.conf:12: unknown option "max_page_sise" in [api]; did you mean "max_page_size"?\`
* A bad value stops the start; every bad value is named at once:
  \`stormtail.conf:12: [api] port: expected a whole number from 0 to 65535, got "x"\`
* An option that this version only takes so that an existing \`st2.conf\` loads is named in a note at start.
* Forms: \`True\`/\`False\` (also yes, no, on, off, 1, 0), whole numbers, lists with commas, folders with \`:\`, objects as
  JSON. Lines that begin with \`#\` or \`;\` are comments; an indented line continues the value above it.`;

export function configurationPage(): string {
  const parts = [printedFrom('src/app/config-options.ts and src/app/config-options-accepted.ts'), introduction];
  for (const [section, rows] of Object.entries(configOptions)) {
    parts.push(
      `## [${section}]`,
      markdownTable(
        ['option', 'form', 'default', 'since', 'meaning'],
        Object.entries<OptionRow>(rows).map(([name, row]) => [
          `\`${name}\``,
          formOf(row),
          defaultOf(row),
          row.since,
          `${row.description}${requiredOf(row)}`,
        ]),
      ),
      `Variables: ${Object.keys(rows)
        .map((name) => `\`${variableOf(section, name)}\``)
        .join(', ')}.`,
    );
  }
  parts.push(
    '## Accepted without effect',
    'These names of `st2.conf` load, are named in a note at start, and change nothing in this version.',
    markdownTable(
      ['section', 'options'],
      Object.entries(acceptedOptions).map(([section, names]) => [
        `\`[${section}]\``,
        Object.entries(names)
          .map(([name, meaning]) => `\`${name}\` (${meaning})`)
          .join(', '),
      ]),
    ),
  );
  return `${parts.join('\n\n')}\n`;
}

function formOf(row: OptionRow): string {
  if (row.choices) return row.choices.map((choice) => `\`${choice}\``).join(', ');
  const range = row.min === undefined ? '' : row.max === undefined ? ` ≥ ${row.min}` : ` ${row.min}…${row.max}`;
  const unit = row.unit === undefined ? '' : `, ${row.unit}`;
  return `${row.type}${range}${unit}`;
}

function defaultOf(row: OptionRow): string {
  if (row.computed !== undefined) return row.computed;
  if (row.default === null) return 'none';
  if (Array.isArray(row.default)) return row.default.length === 0 ? 'empty' : `\`${row.default.join(',')}\``;
  return `\`${typeof row.default === 'boolean' ? (row.default ? 'True' : 'False') : String(row.default)}\``;
}

function requiredOf(row: OptionRow): string {
  if (!row.required) return '';
  const what = row.required.value === '' ? 'Any value' : `Anything else than \`${String(row.required.value)}\``;
  return ` ${what} stops the start: ${row.required.because}.`;
}
