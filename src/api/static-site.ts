/**
 * The built web UI as files. Names with a hash in them never change their content and are kept by browsers; the rest
 * is asked for again each time and mostly answered with 304. Nothing outside the directory is ever read.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../base/errors.ts';
import { contentTypeOf } from './content-type.ts';
import { isUnchanged } from './entity-tag.ts';
import type { Answer } from './route.ts';

export interface StaticSite {
  /** `path` is decoded. Undefined where there is no such file. */
  answer(path: string, headers: IncomingHttpHeaders): Promise<Answer | undefined>;
}

/** Vite puts everything it names by content there. */
const hashedName = /^\/assets\/.*-[\w-]{8,}\.\w+$/;

export function openStaticSite(root: string): StaticSite {
  return {
    async answer(path, headers) {
      const name = path === '/' ? '/index.html' : path;
      // Segments that begin with a dot are no part of a site, and `..` least of all.
      if (!/^(?:\/[^/\\\0.][^/\\\0]*)+$/.test(name)) return undefined;
      const file = await readIfFile(join(root, name));
      if (file === undefined) return undefined;
      const { bytes, etag } = file;
      const isPage = name.endsWith('.html');
      const caching = {
        ETag: etag,
        'Cache-Control': hashedName.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
      };
      if (isUnchanged(headers, { etag })) return { status: 304, headers: caching };
      return {
        headers: {
          ...caching,
          'Content-Type': contentTypeOf(name, 'application/octet-stream'),
          'Referrer-Policy': 'same-origin',
          ...(isPage ? pageHeaders(bytes.toString('utf8')) : {}),
        },
        body: bytes,
      };
    },
  };
}

async function readIfFile(path: string): Promise<{ bytes: Buffer; etag: string } | undefined> {
  try {
    await using file = await open(path, 'r');
    const { mtimeMs, size } = await file.stat();
    return { bytes: await file.readFile(), etag: `"${Math.round(mtimeMs).toString(36)}-${size.toString(36)}"` };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/**
 * Scripts come from us alone, inline ones only as they stand in the page. Styles may be inline: Mantine computes them
 * while it runs. Nobody may put the page into a frame.
 */
function pageHeaders(page: string): Record<string, string> {
  const inline = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => ` 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  const policy = [
    "default-src 'self'",
    `script-src 'self'${inline.join('')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return { 'Content-Security-Policy': policy.join('; '), 'X-Frame-Options': 'DENY' };
}
