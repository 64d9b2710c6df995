/** Tokens, API keys and the product's own settings in SQL. */
import type { ApiKey, Token } from '../../core/model/user.ts';
import type { AccessStore } from '../access-store.ts';
import { integer, type Row, type SqlSession, statement, text } from './session.ts';

export function sqlAccessStore(session: SqlSession): AccessStore {
  return {
    async insertToken(token) {
      const sql =
        'INSERT INTO tokens (token_hash, id, user_name, expiry_us, metadata, service) VALUES (?, ?, ?, ?, ?, ?)';
      await session.write([
        statement(
          sql,
          token.token_hash,
          token.id,
          token.user,
          token.expiry_us,
          JSON.stringify(token.metadata),
          token.service ? 1 : 0,
        ),
      ]);
    },

    async findToken(tokenHash) {
      const [row] = await session.read(statement('SELECT * FROM tokens WHERE token_hash = ?', tokenHash));
      return row && tokenOf(row);
    },

    async removeExpiredTokens(beforeUs) {
      const removed = await session.write([statement('DELETE FROM tokens WHERE expiry_us < ? RETURNING id', beforeUs)]);
      return removed?.[0]?.length ?? 0;
    },

    async insertApiKey(key) {
      const sql =
        'INSERT INTO api_keys (id, key_hash, user_name, created_us, metadata, enabled) VALUES (?, ?, ?, ?, ?, ?)';
      await session.write([
        statement(
          sql,
          key.id,
          key.key_hash,
          key.user,
          key.created_us,
          JSON.stringify(key.metadata),
          key.enabled ? 1 : 0,
        ),
      ]);
    },

    async findApiKey(hashOrId) {
      const [row] = await session.read(
        statement('SELECT * FROM api_keys WHERE key_hash = ? OR id = ?', hashOrId, hashOrId),
      );
      return row && apiKeyOf(row);
    },

    async apiKeys({ limit, offset, user }) {
      const where = user === undefined ? '' : ' WHERE user_name = ?';
      const values = user === undefined ? [] : [user];
      const [rows, counted] = await Promise.all([
        session.read(
          statement(
            `SELECT * FROM api_keys${where} ORDER BY id LIMIT ? OFFSET ?`,
            ...values,
            limit < 0 ? Number.MAX_SAFE_INTEGER : limit,
            offset,
          ),
        ),
        session.read(statement(`SELECT COUNT(*) AS total FROM api_keys${where}`, ...values)),
      ]);
      return { keys: rows.map(apiKeyOf), total: counted[0] ? integer(counted[0], 'total') : 0 };
    },

    async updateApiKey(key) {
      const sql = 'UPDATE api_keys SET user_name = ?, metadata = ?, enabled = ? WHERE id = ?';
      return (
        (await session.write([
          { ...statement(sql, key.user, JSON.stringify(key.metadata), key.enabled ? 1 : 0, key.id), mustTouch: true },
        ])) !== undefined
      );
    },

    async removeApiKey(id) {
      return (
        (await session.write([{ ...statement('DELETE FROM api_keys WHERE id = ?', id), mustTouch: true }])) !==
        undefined
      );
    },

    async readSetting(name) {
      const [row] = await session.read(statement('SELECT value FROM settings WHERE name = ?', name));
      return row && text(row, 'value');
    },

    async writeSetting(name, value) {
      await session.write([
        statement(
          'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
          name,
          value,
        ),
      ]);
    },
  };
}

function tokenOf(row: Row): Token {
  return {
    id: text(row, 'id'),
    user: text(row, 'user_name'),
    token_hash: text(row, 'token_hash'),
    expiry_us: integer(row, 'expiry_us'),
    metadata: JSON.parse(text(row, 'metadata')),
    service: integer(row, 'service') === 1,
  };
}

function apiKeyOf(row: Row): ApiKey {
  return {
    id: text(row, 'id'),
    user: text(row, 'user_name'),
    key_hash: text(row, 'key_hash'),
    created_us: integer(row, 'created_us'),
    metadata: JSON.parse(text(row, 'metadata')),
    enabled: integer(row, 'enabled') === 1,
  };
}
