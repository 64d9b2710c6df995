/**
 * How a piece of output looks: the state that SGR escape sequences ("Select Graphic Rendition", ECMA-48 §8.3.117 and the
 * xterm extensions) change. Styles are interned, so equal styles are the same object and a row can be compared by identity.
 */

/** 0…255 of the palette, or `#rrggbb`. */
export type AnsiColor = number | string;

export interface AnsiStyle {
  readonly color?: AnsiColor;
  readonly background?: AnsiColor;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly inverse?: true;
  readonly hidden?: true;
  readonly strike?: true;
}

export const plainStyle: AnsiStyle = Object.freeze({});

/** A truecolor gradient makes a style per character; beyond this many the table starts anew (identity is only a speed-up). */
const internedMax = 8192;
const interned = new Map<string, AnsiStyle>();

function intern(style: AnsiStyle): AnsiStyle {
  const key = JSON.stringify([
    style.color,
    style.background,
    style.bold,
    style.dim,
    style.italic,
    style.underline,
    style.inverse,
    style.hidden,
    style.strike,
  ]);
  if (key === plainKey) return plainStyle;
  const known = interned.get(key);
  if (known !== undefined) return known;
  if (interned.size >= internedMax) interned.clear();
  interned.set(key, style);
  return style;
}
const plainKey = JSON.stringify(new Array<undefined>(9).fill(undefined));

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The style after `ESC [ <parameters> m`. Unknown codes change nothing. */
export function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  if (parameters === '' || parameters === '0') return plainStyle;
  const next: Mutable<AnsiStyle> = { ...style };
  const groups = parameters.split(';');
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] ?? '';
    const [first = '', ...sub] = group.split(':');
    const code = first === '' ? 0 : Number.parseInt(first, 10);
    if (code === 38 || code === 48 || code === 58) {
      const [color, taken] =
        sub.length > 0 ? [extendedColor(sub, true), 0] : separatedColor(groups.slice(i + 1, i + 5));
      i += taken;
      if (color === undefined || code === 58) continue; // 58 is the colour of the underline, which we draw in the text's
      if (code === 38) next.color = color;
      else next.background = color;
    } else if (code === 4 && sub.length > 0) {
      if (sub[0] === '0') delete next.underline;
      else next.underline = true;
    } else {
      applySimple(next, code);
    }
  }
  return intern(next);
}

function applySimple(next: Mutable<AnsiStyle>, code: number): void {
  if (code >= 30 && code <= 37) next.color = code - 30;
  else if (code >= 90 && code <= 97) next.color = code - 90 + 8;
  else if (code >= 40 && code <= 47) next.background = code - 40;
  else if (code >= 100 && code <= 107) next.background = code - 100 + 8;
  else {
    switch (code) {
      case 0:
        for (const key of Object.keys(next) as (keyof AnsiStyle)[]) delete next[key]; // keys of our own record
        return;
      case 1:
        next.bold = true;
        return;
      case 2:
        next.dim = true;
        return;
      case 3:
        next.italic = true;
        return;
      case 4:
      case 21:
        next.underline = true;
        return;
      case 7:
        next.inverse = true;
        return;
      case 8:
        next.hidden = true;
        return;
      case 9:
        next.strike = true;
        return;
      case 22:
        delete next.bold;
        delete next.dim;
        return;
      case 23:
        delete next.italic;
        return;
      case 24:
        delete next.underline;
        return;
      case 27:
        delete next.inverse;
        return;
      case 28:
        delete next.hidden;
        return;
      case 29:
        delete next.strike;
        return;
      case 39:
        delete next.color;
        return;
      case 49:
        delete next.background;
        return;
      default:
        return;
    }
  }
}

/** `38;5;n` and `38;2;r;g;b`: the colour, and how many of the following groups belong to it. */
function separatedColor(rest: readonly string[]): [AnsiColor | undefined, number] {
  if (rest[0] === '5') return [extendedColor(rest, false), 2];
  if (rest[0] === '2') return [extendedColor(rest, false), 4];
  return [undefined, rest.length === 0 ? 0 : 1];
}

/** `5,n`, `2,r,g,b`, and with colons also `2,<colour space>,r,g,b`. */
function extendedColor(parts: readonly string[], withColons: boolean): AnsiColor | undefined {
  const numbers = parts.map((part) => (part === '' ? 0 : Number.parseInt(part, 10)));
  if (numbers[0] === 5) {
    const index = numbers[1];
    return index !== undefined && index >= 0 && index <= 255 ? index : undefined;
  }
  if (numbers[0] !== 2) return undefined;
  const [r, g, b] = withColons && numbers.length >= 5 ? numbers.slice(2, 5) : numbers.slice(1, 4);
  if (r === undefined || g === undefined || b === undefined) return undefined;
  if (![r, g, b].every((part) => part >= 0 && part <= 255)) return undefined;
  return `#${[r, g, b].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
