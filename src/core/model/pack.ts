/** A pack: a directory of content with a `pack.yaml`. */
export interface Pack {
  readonly id: string;
  /** Directory name and prefix of everything in the pack. */
  readonly ref: string;
  readonly uid: string;
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly author: string;
  readonly email: string;
  readonly keywords: readonly string[];
  readonly contributors: readonly string[];
  readonly python_versions: readonly string[];
  readonly dependencies: readonly string[];
  readonly system: Readonly<Record<string, unknown>>;
  readonly stackstorm_version?: string;
  /** Relative paths of the pack's files. */
  readonly files: readonly string[];
  /** Absolute path of the directory. */
  readonly path: string;
}
