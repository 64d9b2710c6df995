/** API keys as they are published: hash and uid masked, the key itself only in the answer to its creation. */
import Type from 'typebox';
import { formatTimestamp } from '../base/timestamp.ts';
import { secretMask } from '../core/model/secret.ts';
import type { ApiKey } from '../core/model/user.ts';

export const apiKeySchema = Type.Object(
  {
    id: Type.String(),
    uid: Type.String(),
    user: Type.String(),
    key_hash: Type.Optional(Type.String()),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    created_at: Type.String(),
    enabled: Type.Boolean(),
    key: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'only right after creation' })),
  },
  { title: 'ApiKey' },
);

const nullable = { type: ['string', 'null'] };

/** What clients send: their own wishes, or a whole key as they once got it. */
export const apiKeyWishSchema = Type.Object(
  {
    id: Type.Optional(Type.Unknown()),
    uid: Type.Optional(Type.Unknown()),
    created_at: Type.Optional(Type.Unknown()),
    key: Type.Optional(Type.Unknown()),
    user: Type.Optional(Type.Unsafe<string | null>(nullable)),
    key_hash: Type.Optional(Type.Unsafe<string | null>(nullable)),
    metadata: Type.Optional(Type.Unsafe<Record<string, unknown> | null>({ type: ['object', 'null'] })),
    enabled: Type.Optional(Type.Unsafe<boolean | null>({ type: ['boolean', 'null'] })),
  },
  { title: 'ApiKeyWish', additionalProperties: false },
);

export type ApiKeyWish = Type.Static<typeof apiKeyWishSchema>;

export function publishedApiKey(key: ApiKey, view: { readonly showSecrets: boolean }): Record<string, unknown> {
  return {
    id: key.id,
    uid: view.showSecrets ? `api_key:${key.key_hash}` : secretMask,
    user: key.user,
    key_hash: view.showSecrets ? key.key_hash : secretMask,
    metadata: key.metadata,
    created_at: formatTimestamp(key.created_us),
    enabled: key.enabled,
  };
}

/** The answer to its creation: with the key, without the hash; null where the caller brought the hash. */
export function createdApiKey(key: ApiKey, text: string | undefined): Record<string, unknown> {
  const { key_hash: _, ...shown } = publishedApiKey(key, { showSecrets: true });
  return { ...shown, key: text ?? null };
}
