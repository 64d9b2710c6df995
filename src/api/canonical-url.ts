/**
 * The many spellings of one address, made one (spec/api.md §1, §2): percent-decoding, a trailing slash, the prefixes
 * of StackStorm's three services with and without version, and the old name of executions.
 */

/** What a port answers for: the main one for everything, the compatible ones for one service without its prefix. */
export type Service = 'all' | 'auth' | 'stream';

/** First segments of the auth service's paths; no resource of the API is called so. */
const authNames = ['tokens', 'sso'];

/**
 * `/v1/actionexecutions/x/?limit=1` → `/api/v1/executions/x?limit=1`. Paths that belong to no service are left as they
 * are (the web UI's). Undefined where the path cannot be decoded.
 */
export function canonicalUrl(url: string, service: Service, isApiName: (name: string) => boolean): string | undefined {
  const queryAt = url.indexOf('?');
  const rawPath = queryAt === -1 ? url : url.slice(0, queryAt);
  const query = queryAt === -1 ? '' : url.slice(queryAt);
  const path = decodePath(rawPath);
  if (path === undefined) return undefined;
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const segments = canonicalSegments(trimmed.split('/').slice(1), service, isApiName);
  // Encoded again, so that the router splits where we did: a decoded slash is a separator by now.
  return `/${segments.map(encodeURIComponent).join('/')}${query}`;
}

/** Undefined where it is not percent-encoded UTF-8. Also takes the absolute form that proxies send. */
export function decodePath(rawPath: string): string | undefined {
  const path = rawPath.startsWith('/') ? rawPath : rawPath.replace(/^https?:\/\/[^/]*/i, '') || '/';
  if (!path.startsWith('/')) return undefined;
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // that it cannot be decoded is the answer
  }
}

function canonicalSegments(
  segments: readonly string[],
  service: Service,
  isApiName: (name: string) => boolean,
): readonly string[] {
  const [first = '', ...rest] = segments;
  switch (service) {
    case 'auth':
      return authPath(first === 'auth' ? rest : segments);
    case 'stream':
      return streamPath(first === 'stream' && rest.length > 0 ? rest : segments);
    case 'all':
      if (first === 'auth') return authPath(rest);
      if (first === 'stream') return streamPath(rest.length === 0 ? segments : rest);
      if (first === 'api') return apiPath(withoutVersion(rest));
      if (first === 'v1' || first === 'exp' || isApiName(first) || authNames.includes(first)) {
        const path = withoutVersion(segments);
        return authNames.includes(path[0] ?? '') ? authPath(path) : apiPath(path);
      }
      return segments;
  }
}

function authPath(segments: readonly string[]): readonly string[] {
  return ['auth', 'v1', ...withoutVersion(segments)];
}

function streamPath(segments: readonly string[]): readonly string[] {
  return ['stream', 'v1', ...withoutVersion(segments)];
}

function apiPath(path: readonly string[]): readonly string[] {
  if (path[0] === 'stream' && path.length === 1) return streamPath(path); // StackStorm's proxy does the same
  if (path[0] === 'actionexecutions') return ['api', 'v1', 'executions', ...path.slice(1)];
  return ['api', 'v1', ...path];
}

function withoutVersion(segments: readonly string[]): readonly string[] {
  return segments[0] === 'v1' || segments[0] === 'exp' ? segments.slice(1) : segments;
}
