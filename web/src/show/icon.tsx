/** The few icons we use, drawn here so that none has to be fetched: 16 × 16, strokes in the text's colour. */

const paths = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4.5 4.5l7 7m0-7l-7 7',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.6',
  ring: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  play: 'M5.5 3.8v8.4l6.5-4.2z',
  pause: 'M5.8 4v8m4.4-8v8',
  stop: 'M4.5 4.5h7v7h-7z',
  question: 'M5.8 6.1a2.2 2.2 0 1 1 3.3 1.9c-.7.4-1.1.8-1.1 1.6M8 12v.1',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  down: 'M8 3v9m-3.6-3.6L8 12l3.6-3.6',
  up: 'M8 13V4M4.4 7.6L8 4l3.6 3.6',
  chevron: 'M6 4l4 4-4 4',
  wrap: 'M2.5 4h11M2.5 8h8.5a2 2 0 0 1 0 4H8m1.6-1.6L8 12l1.6 1.6M2.5 12h2.6',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  download: 'M8 2.5v7.3M5 7l3 3 3-3M3 13.2h10',
  expand: 'M9.5 2.8h3.7v3.7M6.5 13.2H2.8V9.5M13 3L9.3 6.7M3 13l3.7-3.7',
  shrink: 'M13.2 6.5H9.5V2.8M2.8 9.5h3.7v3.7M9.7 6.3L13 3M6.3 9.7L3 13',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z',
  system: 'M2.5 3.5h11v7.2h-11zM6 13.2h4',
  keyboard: 'M1.8 4.2h12.4v7.6H1.8zM4.2 6.8h.1M6.7 6.8h.1M9.2 6.8h.1M11.7 6.8h.1M5 9.4h6',
  exit: 'M6.5 2.8H3v10.4h3.5M7 8h6.2m-2.5-2.6L13.2 8l-2.5 2.6',
  rerun: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8',
  edit: 'M3 13l.6-2.8 7-7 2.2 2.2-7 7z',
  enter: 'M13 3.5V8H3.5m3-3l-3 3 3 3',
  eye: 'M1.8 8S4 4 8 4s6.2 4 6.2 4-2.2 4-6.2 4-6.2-4-6.2-4zM8 6.4a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2z',
  warning: 'M8 2.8L14 13H2zM8 6.6v3M8 11.3v.1',
  history: 'M3 8a5 5 0 1 0 1.6-3.7M3 2.5v2.8h2.8M8 5.4V8l1.8 1.2',
  bolt: 'M9 1.8L3.8 9H8l-1 5.2L12.2 7H8z',
} as const;

export type IconName = keyof typeof paths;

/** Decoration: what it means must also be said by the text or label beside it. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
