/** One line of output: its number, which stream it is of, when, and the text. */
import { type CSSProperties, memo } from 'react';
import { clockTime, fullTime } from '../show/time.ts';
import { bytes, counted } from '../show/quantity.ts';
import { type AnsiStyle, plainStyle } from './ansi-style.ts';
import type { GapLine, OutputLine } from './line-assembler.ts';
import { lineSegments } from './line-segments.ts';
import { matchRanges } from './output-search.ts';
import classes from './output-view.module.css';
import { backgroundColor, readableColor, textColorOn } from './readable-color.ts';

interface OutputRowProps {
  readonly line: OutputLine;
  /** As shown; with lines that were not fetched counted in. */
  readonly number: number;
  readonly hasTime: boolean;
  readonly hasHosts: boolean;
  /** The search, or undefined. */
  readonly pattern: RegExp | undefined;
  readonly isCurrentHit: boolean;
  /** `#rrggbb` behind the text. */
  readonly background: string;
}

export const OutputRow = memo(function OutputRow({
  line,
  number,
  hasTime,
  hasHosts,
  pattern,
  isCurrentHit,
  background,
}: OutputRowProps) {
  if (line.kind === 'gap') {
    return (
      <div className={classes.row} data-seq={line.seq} data-type="gap" data-testid="output-gap">
        <span className={classes.gutter} />
        <span className={classes.gap}>▲ {gapText(line)}</span>
      </div>
    );
  }
  const mark = marks[line.type];
  return (
    <div className={classes.row} data-seq={line.seq} data-type={line.type} data-line={number} data-hit={isCurrentHit}>
      <span className={classes.gutter}>
        <span className={classes.number}>{number}</span>
        <span className={classes.mark} title={line.type}>
          {mark}
        </span>
      </span>
      {hasTime && (
        <span className={classes.time} title={fullTime(line.timestamp)}>
          {clockTime(line.timestamp)}
        </span>
      )}
      {hasHosts && (
        <span className={classes.host} title={line.host} data-host>
          {line.host}
        </span>
      )}
      <span className={classes.text} data-text>
        {lineSegments(line.text, line.runs, matchRanges(pattern, line.text)).map((segment, index) => {
          const style = segment.style === plainStyle ? undefined : segmentCss(segment.style, background);
          const key = `${index}`; // pieces of one line have no name but their place
          if (segment.isMatch) {
            return (
              <mark key={key} {...(style === undefined ? {} : { style })}>
                {segment.text}
              </mark>
            );
          }
          return style === undefined ? (
            segment.text
          ) : (
            <span key={key} style={style}>
              {segment.text}
            </span>
          );
        })}
        {line.cutChars > 0 && (
          <span className={classes.cut}> … {counted(line.cutChars, 'more character')}, see the download</span>
        )}
      </span>
    </div>
  );
});

/** Told apart without colour: a word in the gutter. stdout is the rule and has none. */
const marks: Readonly<Record<string, string>> = { stdout: '', stderr: 'err', output: '›' };

function gapText(line: GapLine): string {
  if (line.lostBytes === undefined)
    return `${counted(line.missingRecords, 'record')} did not arrive; the download has all that was kept`;
  if (line.lostBytes < 0) return 'some output was not kept here; nobody can say how much';
  return `${bytes(line.lostBytes)} of output were not kept here`;
}

const cssCache = new WeakMap<AnsiStyle, { background: string; css: CSSProperties }>();

function segmentCss(style: AnsiStyle, background: string): CSSProperties {
  const cached = cssCache.get(style);
  if (cached?.background === background) return cached.css;
  const css = toCss(style, background);
  cssCache.set(style, { background, css });
  return css;
}

function toCss(style: AnsiStyle, background: string): CSSProperties {
  const css: CSSProperties = {};
  if (style.inverse === true) {
    // Swapped: the text's colour lies behind, the background's is written in.
    const behind = style.color === undefined ? undefined : backgroundColor(style.color);
    css.backgroundColor = behind ?? 'var(--text)';
    css.color = behind === undefined ? 'var(--log)' : textColorOn(behind, style.background);
  } else if (style.background !== undefined) {
    css.backgroundColor = backgroundColor(style.background);
    css.color = textColorOn(css.backgroundColor, style.color);
  } else if (style.color !== undefined) {
    css.color = readableColor(style.color, background);
  }
  if (style.bold === true) css.fontWeight = 700;
  if (style.dim === true) css.opacity = 0.65;
  if (style.italic === true) css.fontStyle = 'italic';
  const decorations = [style.underline === true && 'underline', style.strike === true && 'line-through'].filter(
    Boolean,
  );
  if (decorations.length > 0) css.textDecorationLine = decorations.join(' ');
  if (style.hidden === true) css.color = 'transparent';
  return css;
}
