/** Where the files are that come with the program: beside the bundle, wherever it was installed. */
import { fileURLToPath } from 'node:url';

export interface InstalledFiles {
  /** Bundled packs. */
  readonly packs: string;
  /** What Python packs import. */
  readonly pythonSdk: string;
  /** The built web UI. */
  readonly web: string;
  readonly storeWorker: URL;
}

export const version = '0.1.0';

/** `bundle` is the URL of `dist/stormtail.js`. */
export function installedFiles(bundle: string): InstalledFiles {
  const path = (relative: string) => fileURLToPath(new URL(relative, bundle));
  return {
    packs: path('../packs'),
    pythonSdk: path('../python'),
    web: path('./web'),
    storeWorker: new URL('./store-worker.js', bundle),
  };
}
