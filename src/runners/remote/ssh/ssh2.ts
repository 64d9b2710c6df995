/** The library, loaded with the first connection: it costs 50 ms, which a server without remote actions need not pay. */
import type * as Ssh2 from 'ssh2';

type Library = Pick<typeof Ssh2, 'Client' | 'utils'>;

let loaded: Promise<Library> | undefined;

export function loadSsh2(): Promise<Library> {
  // It is CommonJS: all of it is the default export.
  loaded ??= import('ssh2').then((module): Library => module.default);
  return loaded;
}
