/** Credentials. Only hashes are stored. */
import type { ApiKey, Token } from '../core/model/user.ts';

export interface AccessStore {
  insertToken(token: Token): Promise<void>;
  findToken(tokenHash: string): Promise<Token | undefined>;
  /** Removes tokens that expired before a moment; returns how many. */
  removeExpiredTokens(beforeUs: number): Promise<number>;
  /** `conflict` where the hash is known. */
  insertApiKey(key: ApiKey): Promise<void>;
  /** By hash or id. */
  findApiKey(hashOrId: string): Promise<ApiKey | undefined>;
  apiKeys(page: { limit: number; offset: number; user?: string }): Promise<{ keys: readonly ApiKey[]; total: number }>;
  /** Replaces user, metadata and enabled. False where the id is unknown. */
  updateApiKey(key: ApiKey): Promise<boolean>;
  removeApiKey(id: string): Promise<boolean>;
  /** Values the product keeps for itself (installation id and the like). */
  readSetting(name: string): Promise<string | undefined>;
  writeSetting(name: string, value: string): Promise<void>;
}
