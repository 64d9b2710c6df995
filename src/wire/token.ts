/** Tokens: what a login sends and what it gets. */
import Type from 'typebox';
import { formatTimestamp } from '../base/timestamp.ts';
import type { Token } from '../core/model/user.ts';

export const tokenSchema = Type.Object(
  {
    id: Type.String(),
    user: Type.String(),
    token: Type.String(),
    expiry: Type.String(),
    metadata: Type.Record(Type.String(), Type.Unknown()),
    service: Type.Boolean(),
  },
  { title: 'Token' },
);

export type PublishedToken = Type.Static<typeof tokenSchema>;

const nullableText = { type: ['string', 'null'] };

/** A login may carry more (`name`, `metadata`): clients of StackStorm send whole token objects. */
export const tokenWishSchema = Type.Object(
  {
    ttl: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 1, description: 'seconds' })),
    user: Type.Optional(Type.Unsafe<string | null>(nullableText)),
    impersonate_user: Type.Optional(Type.Unsafe<string | null>(nullableText)),
    nickname_origin: Type.Optional(Type.Unsafe<string | null>(nullableText)),
  },
  { title: 'TokenRequest' },
);

export type TokenWish = Type.Static<typeof tokenWishSchema>;

export const tokenValidationSchema = Type.Object(
  { token: Type.Optional(Type.Unknown()) },
  { title: 'TokenValidation' },
);

export function publishedToken(token: Token, text: string): PublishedToken {
  return {
    id: token.id,
    user: token.user,
    token: text,
    expiry: formatTimestamp(token.expiry_us),
    metadata: { ...token.metadata },
    service: token.service,
  };
}
