/** Mantine dressed in our tokens (`base.css`): dense, quiet, one accent. */
import {
  type CSSVariablesResolver,
  createTheme,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';

const lake: MantineColorsTuple = [
  '#e3f6f9',
  '#cdeaf0',
  '#9dd4df',
  '#69bdcd',
  '#41aabe',
  '#289eb4',
  '#0b7285',
  '#0b6a7d',
  '#075e70',
  '#004b5a',
];

/** Mantine's up to 5; its deeper ones are too light for the white text of a button. */
const red: MantineColorsTuple = [
  '#fff5f5',
  '#ffe3e3',
  '#ffc9c9',
  '#ffa8a8',
  '#ff8787',
  '#ff6b6b',
  '#d6363a',
  '#c0272d',
  '#ab2025',
  '#941b1f',
];

/** From text to page, in the blue grey of the dark tokens. */
const dark: MantineColorsTuple = [
  '#e4e7eb',
  '#a3acb8',
  '#8a94a0',
  '#5d6670',
  '#3b444f',
  '#2a323b',
  '#1b2027',
  '#161a1f',
  '#101317',
  '#0d1014',
];

export const theme = createTheme({
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  primaryColor: 'lake',
  primaryShade: { light: 7, dark: 6 },
  colors: { lake, red, dark },
  fontSizes: { xs: '12.5px', sm: '13px', md: '14px' },
  defaultRadius: 5,
  focusRing: 'auto',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** Mantine's names for what our tokens say: one truth for colours. */
export const cssVariables: CSSVariablesResolver = () => {
  const tokens = {
    '--mantine-color-body': 'var(--panel)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-color-dimmed': 'var(--text-2)',
    '--mantine-color-placeholder': 'var(--text-3)',
    '--mantine-color-default': 'var(--panel)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--line-strong)',
  };
  return { variables: {}, light: tokens, dark: tokens };
};

/** The same key as `public/color-scheme.js` reads before the first paint. */
export const colorSchemeManager = localStorageColorSchemeManager({ key: 'stormtail.color-scheme' });
