/** Headers for files of packs: they are shown or downloaded, but never run as part of our own pages. */
export function fileHeaders(contentType: string): Record<string, string> {
  return { 'Content-Type': contentType, 'Content-Security-Policy': "default-src 'none'; sandbox" };
}
