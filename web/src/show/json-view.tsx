/**
 * Any JSON value, readable: objects and lists fold, long and multi-line text keeps its lines, and what is large starts folded
 * so that a result of megabytes does not stop the page.
 */
import { useState } from 'react';
import { Icon } from './icon.tsx';
import { counted } from './quantity.ts';
import classes from './json-view.module.css';

/** More members than this are shown on demand. */
const membersShown = 200;
/** Of a long text this much is shown, the rest on demand. */
const charsShown = 5000;
const linesShown = 15;
/** Values this deep and large start folded. */
const openDepth = 3;
const openMembers = 50;

export function JsonView({ value }: { readonly value: unknown }) {
  return (
    <div className={classes.root}>
      <Value value={value} depth={0} name={undefined} />
    </div>
  );
}

interface ValueProps {
  readonly value: unknown;
  readonly depth: number;
  readonly name: string | undefined;
}

function Value({ value, depth, name }: ValueProps) {
  if (typeof value === 'object' && value !== null) return <Members value={value} depth={depth} name={name} />;
  return (
    <div className={classes.leaf}>
      {name !== undefined && <span className={classes.name}>{name}</span>}
      <Scalar value={value} />
    </div>
  );
}

function Members({ value, depth, name }: ValueProps & { readonly value: object }) {
  const entries = Object.entries(value);
  const [isOpen, setOpen] = useState(depth < openDepth && entries.length <= openMembers);
  const [shown, setShown] = useState(membersShown);
  const [before, after] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) {
    return (
      <div className={classes.leaf}>
        {name !== undefined && <span className={classes.name}>{name}</span>}
        <span className={classes.punctuation}>{before + after}</span>
      </div>
    );
  }
  return (
    <div>
      <button type="button" className={classes.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={classes.chevron} data-open={isOpen}>
          <Icon name="chevron" size={12} />
        </span>
        {name !== undefined && <span className={classes.name}>{name}</span>}
        <span className={classes.punctuation}>
          {before}
          {!isOpen && ` ${entries.length} ${after}`}
        </span>
      </button>
      {isOpen && (
        <>
          <div className={classes.members}>
            {entries.slice(0, shown).map(([key, member]) => (
              <Value key={key} name={key} value={member} depth={depth + 1} />
            ))}
            {entries.length > shown && (
              <button type="button" className={classes.more} onClick={() => setShown(shown + 10 * membersShown)}>
                {entries.length - shown} more
              </button>
            )}
          </div>
          <span className={classes.close}>{after}</span>
        </>
      )}
    </div>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== 'string') {
    return <span className={classes.literal}>{value === undefined ? 'undefined' : JSON.stringify(value)}</span>;
  }
  if (value === '') return <span className={classes.punctuation}>""</span>;
  const shown = isWhole ? value : firstPart(value);
  return (
    <span className={classes.text} data-block={value.includes('\n')}>
      {withoutTerminalCodes(shown)}
      {shown.length < value.length && (
        <button type="button" className={classes.more} onClick={() => setWhole(true)}>
          {restText(value, shown.length)}
        </button>
      )}
    </span>
  );
}

function firstPart(text: string): string {
  let end = Math.min(text.length, charsShown);
  for (let at = -1, line = 0; line < linesShown; line++) {
    at = text.indexOf('\n', at + 1);
    if (at === -1 || at >= end) return text.slice(0, end);
    if (line === linesShown - 1) end = at;
  }
  // A line or two more are no longer than the button that would bring them.
  return restLines(text, end) <= 2 && text.length <= charsShown ? text : text.slice(0, end);
}

function restLines(text: string, from: number): number {
  return text.slice(from).trimEnd().split('\n').length - 1;
}

function restText(text: string, from: number): string {
  const lines = restLines(text, from);
  return lines > 0 ? counted(lines, 'more line') : counted(text.length - from, 'more character');
}

/** Colours and such, which the output shows and which would only be boxes here. What is copied has them. */
function withoutTerminalCodes(text: string): string {
  return text
    .replace(/\x1b(?:\[[ -?]*[@-~]|\][^\x07\n\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g, '')
    .replace(/\r(?!\n)/g, '\n');
}
