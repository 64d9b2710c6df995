/** Stands at the top of each printed page, so that nobody edits the copy. */
export function printedFrom(source: string): string {
  return `<!-- Printed from ${source} by \`npm run docs\`; edit it there. -->`;
}
