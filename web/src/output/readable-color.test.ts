import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backgroundColor, contrast, readableColor, textColorOn } from './readable-color.ts';

function rgb(hex: string): [number, number, number] {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [r, g, b];
}

const fixedColor = fc.oneof(
  fc.integer({ min: 16, max: 255 }),
  fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`),
);
const anyColor = fc.oneof(fixedColor, fc.integer({ min: 0, max: 15 }));

test('backgroundColor() knows the palette: the cube, the greys, truecolor', () => {
  expect([16, 21, 196, 226, 231].map(backgroundColor)).toEqual(['#000000', '#0000ff', '#ff0000', '#ffff00', '#ffffff']);
  expect([232, 255].map(backgroundColor)).toEqual(['#080808', '#eeeeee']);
  expect(backgroundColor('#0a0b0c')).toBe('#0a0b0c');
});

test('readableColor() leaves named colours to the theme and a readable colour alone', () => {
  expect(readableColor(3, '#ffffff')).toBe('var(--ansi-3)');
  expect(readableColor(226, '#101214')).toBe('#ffff00');
  expect(readableColor('#800000', '#ffffff')).toBe('#800000');
});

test('readableColor() makes any colour readable on both of our backgrounds', () => {
  fc.assert(
    fc.property(fixedColor, fc.constantFrom('#ffffff', '#0d1014'), (color, background) => {
      expect(contrast(rgb(readableColor(color, background)), rgb(background))).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

test('textColorOn() makes any text readable on any background', () => {
  fc.assert(
    fc.property(anyColor, fc.option(anyColor, { nil: undefined }), (behind, color) => {
      const background = backgroundColor(behind);
      expect(contrast(rgb(textColorOn(background, color)), rgb(background))).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns: 1000 },
  );
});
