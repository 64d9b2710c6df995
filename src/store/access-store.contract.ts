/** What every AccessStore promises. Called by `store.contract.ts`. */
import { describe, expect, test } from 'vitest';
import { sampleId, sampleUs } from '../../test/support/sample-execution.ts';
import type { ApiKey, Token } from '../core/model/user.ts';
import type { OpenEmptyStore } from './store.contract.ts';

function token(wish: Partial<Token> = {}): Token {
  const id = sampleId();
  return { id, user: 'ann', token_hash: `hash ${id}`, expiry_us: sampleUs, metadata: {}, service: false, ...wish };
}

function apiKey(wish: Partial<ApiKey> = {}): ApiKey {
  const id = sampleId();
  return { id, user: 'ann', key_hash: `hash ${id}`, created_us: sampleUs, metadata: {}, enabled: true, ...wish };
}

export function accessStoreContract(open: OpenEmptyStore): void {
  describe('credentials', () => {
    test('a token is found by its hash, as it was stored', async () => {
      await using store = await open();
      const stored = token({ service: true, metadata: { for: ['a', 1, null], 'ünicode "': '✓' } });
      await store.access.insertToken(stored);
      expect(await store.access.findToken(stored.token_hash)).toEqual(stored);
      expect(await store.access.findToken('another')).toBeUndefined();
    });

    test('a token that is known is refused', async () => {
      await using store = await open();
      const stored = token();
      await store.access.insertToken(stored);
      await expect(store.access.insertToken(token({ token_hash: stored.token_hash }))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('tokens that expired before a moment go, the one that expires in it stays', async () => {
      await using store = await open();
      const [old, exact, later] = [-1, 0, 1].map((us) => token({ expiry_us: sampleUs + us }));
      for (const one of [old, exact, later]) if (one) await store.access.insertToken(one);
      expect(await store.access.removeExpiredTokens(sampleUs)).toBe(1);
      expect(await store.access.findToken(old?.token_hash ?? '')).toBeUndefined();
      expect(await store.access.findToken(exact?.token_hash ?? '')).toEqual(exact);
      expect(await store.access.findToken(later?.token_hash ?? '')).toEqual(later);
      expect(await store.access.removeExpiredTokens(sampleUs)).toBe(0);
    });

    test('an API key is found by hash and by id; a hash is stored once', async () => {
      await using store = await open();
      const stored = apiKey({ metadata: { note: 'ci' }, enabled: false });
      await store.access.insertApiKey(stored);
      expect(await store.access.findApiKey(stored.key_hash)).toEqual(stored);
      expect(await store.access.findApiKey(stored.id)).toEqual(stored);
      expect(await store.access.findApiKey('another')).toBeUndefined();
      await expect(store.access.insertApiKey(apiKey({ key_hash: stored.key_hash }))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    test('API keys are listed by id in pages, of everybody or of one user, with the total of all', async () => {
      await using store = await open();
      const keys = ['ann', 'bob', 'ann', 'bob', 'ann'].map((user) => apiKey({ user }));
      for (const key of keys) await store.access.insertApiKey(key);
      expect(await store.access.apiKeys({ limit: -1, offset: 0 })).toEqual({ keys, total: 5 });
      expect(await store.access.apiKeys({ limit: 2, offset: 1 })).toEqual({ keys: keys.slice(1, 3), total: 5 });
      expect(await store.access.apiKeys({ limit: -1, offset: 4 })).toEqual({ keys: keys.slice(4), total: 5 });
      const ofAnn = keys.filter((key) => key.user === 'ann');
      expect(await store.access.apiKeys({ limit: 2, offset: 2, user: 'ann' })).toEqual({
        keys: ofAnn.slice(2),
        total: 3,
      });
      expect(await store.access.apiKeys({ limit: 0, offset: 0 })).toEqual({ keys: [], total: 5 });
    });

    test('an update replaces user, metadata and enabled, and nothing else', async () => {
      await using store = await open();
      const stored = apiKey();
      await store.access.insertApiKey(stored);
      const changed = { ...stored, user: 'bob', metadata: { a: 1 }, enabled: false };
      expect(await store.access.updateApiKey({ ...changed, key_hash: 'other', created_us: 1 })).toBe(true);
      expect(await store.access.findApiKey(stored.id)).toEqual(changed);
      expect(await store.access.updateApiKey(apiKey())).toBe(false);
    });

    test('a removed key is gone; removing it again says so', async () => {
      await using store = await open();
      const stored = apiKey();
      await store.access.insertApiKey(stored);
      expect(await store.access.removeApiKey(stored.id)).toBe(true);
      expect(await store.access.findApiKey(stored.key_hash)).toBeUndefined();
      expect(await store.access.removeApiKey(stored.id)).toBe(false);
    });

    test('settings are kept and replaced', async () => {
      await using store = await open();
      expect(await store.access.readSetting('installation')).toBeUndefined();
      await store.access.writeSetting('installation', 'one');
      await store.access.writeSetting('installation', 'two');
      await store.access.writeSetting('empty', '');
      expect(await store.access.readSetting('installation')).toBe('two');
      expect(await store.access.readSetting('empty')).toBe('');
    });
  });
}
