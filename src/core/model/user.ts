/** Who may come in: tokens (short-lived, from a password) and API keys (long-lived). Neither is stored in clear. */
export interface Token {
  readonly id: string;
  readonly user: string;
  /** SHA-256 of the token, hex. The token itself is shown once. */
  readonly token_hash: string;
  readonly expiry_us: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Made by the server for an execution, not by a login. */
  readonly service: boolean;
}

export interface ApiKey {
  readonly id: string;
  readonly user: string;
  /** SHA-512 of "saltnpepper" + key, hex: StackStorm's, so that `apikey load` can move keys between installations. */
  readonly key_hash: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_us: number;
  readonly enabled: boolean;
}
