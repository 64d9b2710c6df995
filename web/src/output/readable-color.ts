/**
 * Colours programs chose for an unknown terminal, made readable on ours. The 16 named colours are the theme's (CSS variables);
 * the others are fixed values, many of them made for black backgrounds (yellow 226 on white has a contrast of 1.1), so a text
 * colour is moved towards black or white until it can be read, on our background or on the one the program gave it.
 */
import type { AnsiColor } from './ansi-style.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** The 16 named colours where they lie behind text: the same in both schemes, because the text on them is chosen to fit. */
const namedBackgrounds = [
  '#2e3338',
  '#c62828',
  '#2e7d32',
  '#c79a1e',
  '#1565c0',
  '#8e24aa',
  '#00838f',
  '#cfd4da',
  '#5f6772',
  '#ef5350',
  '#66bb6a',
  '#ffd54f',
  '#64b5f6',
  '#ce93d8',
  '#4dd0e1',
  '#ffffff',
] as const;

/** WCAG's figure for body text. */
const contrastMin = 4.5;

const levels = [0, 95, 135, 175, 215, 255] as const;

function paletteRgb(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = index - 16;
  return [levels[Math.floor(cube / 36) % 6] ?? 0, levels[Math.floor(cube / 6) % 6] ?? 0, levels[cube % 6] ?? 0];
}

function toHex(rgb: Rgb): string {
  return `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function hexRgb(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb; // three numbers from `#rrggbb`
}

/** WCAG relative luminance, 0 black … 1 white. */
function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black can be read on it better than white. */
function isLight(rgb: Rgb): boolean {
  return contrast(rgb, [0, 0, 0]) > contrast(rgb, [255, 255, 255]);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** A colour behind text, `#rrggbb`. */
export function backgroundColor(color: AnsiColor): string {
  if (typeof color === 'string') return color;
  return namedBackgrounds[color] ?? toHex(paletteRgb(color));
}

/** The CSS of a text colour on our own background (`#rrggbb`), moved until it can be read. */
export function readableColor(color: AnsiColor, background: string): string {
  if (typeof color === 'number' && color < 16) return `var(--ansi-${color})`;
  return moved(color, background);
}

/** The CSS of a text on a background that the program chose; `undefined` is the usual text colour, which is then black or white. */
export function textColorOn(background: string, color: AnsiColor | undefined): string {
  if (color !== undefined) return moved(color, background);
  return isLight(hexRgb(background)) ? '#000000' : '#ffffff';
}

function moved(color: AnsiColor, background: string): string {
  const on = hexRgb(background);
  const original = hexRgb(backgroundColor(color));
  const goal = isLight(on) ? 0 : 255;
  for (let step = 0; step <= 20; step++) {
    const candidate = original.map((part) => Math.round(part + ((goal - part) * step) / 20)) as unknown as Rgb; // as long as the original
    if (contrast(candidate, on) >= contrastMin) return toHex(candidate);
  }
  return toHex([goal, goal, goal]);
}
