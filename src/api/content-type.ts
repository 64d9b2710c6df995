/** Content types by file name: those of web pages, and those that Python guesses for the files of packs. */
const byExtension: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  csv: 'text/csv',
  gif: 'image/gif',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  md: 'text/markdown',
  mjs: 'text/javascript; charset=utf-8',
  png: 'image/png',
  ps1: 'text/plain',
  py: 'text/x-python',
  rst: 'text/x-rst',
  sh: 'application/x-sh',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: 'text/xml',
  yaml: 'application/x-yaml',
  yml: 'application/x-yaml',
};

export function contentTypeOf(path: string, fallback: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return (Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined) ?? fallback;
}
