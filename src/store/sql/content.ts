/** Packs, actions and runner types in SQL: documents by ref, with ids that survive registration. */
import type { Action } from '../../core/model/action.ts';
import type { Pack } from '../../core/model/pack.ts';
import type { RunnerType } from '../../core/model/runner-type.ts';
import { isObjectId } from '../../base/object-id.ts';
import type { ContentStore } from '../content-store.ts';
import { integer, type Row, type SqlSession, type Statement, statement, text } from './session.ts';

export function sqlContentStore(session: SqlSession): ContentStore {
  // Registration is rare and reading happens on every request: documents are parsed once per text.
  const parsed = new Map<string, { document: string; value: object }>();
  const parse = (key: string, row: Row): object => {
    const document = text(row, 'document');
    const id = text(row, 'id');
    const known = parsed.get(key);
    if (known && known.document === document && 'id' in known.value && known.value.id === id) return known.value;
    const value: object = { id, ...JSON.parse(document) };
    parsed.set(key, { document, value });
    return value;
  };
  const pack = (row: Row) => parse(`pack ${text(row, 'ref')}`, row) as Pack; // written by putPack()
  const action = (row: Row) => parse(`action ${text(row, 'ref')}`, row) as Action; // written by putPack()
  const enabled = new Map<string, RunnerType>();
  const runnerType = (row: Row): RunnerType => {
    const type = parse(`runner ${text(row, 'name')}`, row) as RunnerType; // written by putRunnerTypes()
    if (integer(row, 'enabled') === 1) return type;
    const known = enabled.get(type.name);
    if (known && known.id === type.id && known.runner_parameters === type.runner_parameters) return known;
    const disabled = { ...type, enabled: false };
    enabled.set(type.name, disabled);
    return disabled;
  };

  return {
    async putPack({ pack, actions }, newId) {
      const known = await session.read(statement('SELECT ref FROM actions WHERE pack = ?', pack.ref));
      const kept = new Set(actions.map((action) => action.ref));
      const gone = known.map((row) => text(row, 'ref')).filter((ref) => !kept.has(ref));
      const unit: Statement[] = [
        statement(
          'INSERT INTO packs (ref, id, document) VALUES (?, ?, ?) ON CONFLICT (ref) DO UPDATE SET document = excluded.document',
          pack.ref,
          newId(),
          JSON.stringify(pack),
        ),
        ...gone.map((ref) => statement('DELETE FROM actions WHERE ref = ?', ref)),
        ...actions.map((action) =>
          statement(
            'INSERT INTO actions (ref, id, pack, document) VALUES (?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET document = excluded.document, pack = excluded.pack',
            action.ref,
            newId(),
            action.pack,
            JSON.stringify(action),
          ),
        ),
      ];
      await session.write(unit);
      return { removed: gone.length };
    },

    async removePack(ref) {
      const done = await session.write([
        { ...statement('DELETE FROM packs WHERE ref = ?', ref), mustTouch: true },
        statement('DELETE FROM actions WHERE pack = ?', ref),
      ]);
      return done !== undefined;
    },

    async putRunnerTypes(types, newId) {
      await session.write(
        types.map((type) =>
          statement(
            'INSERT INTO runner_types (name, id, enabled, document) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document',
            type.name,
            newId(),
            type.enabled ? 1 : 0,
            JSON.stringify({ ...type, enabled: true }),
          ),
        ),
      );
    },

    async setRunnerEnabled(name, isEnabled) {
      await session.write([statement('UPDATE runner_types SET enabled = ? WHERE name = ?', isEnabled ? 1 : 0, name)]);
    },

    async packs() {
      return (await session.read(statement('SELECT ref, id, document FROM packs ORDER BY ref'))).map(pack);
    },

    async actions() {
      return (await session.read(statement('SELECT ref, id, document FROM actions ORDER BY pack, ref'))).map(action);
    },

    async runnerTypes() {
      return (await session.read(statement('SELECT name, id, enabled, document FROM runner_types ORDER BY name'))).map(
        runnerType,
      );
    },

    async findPack(refOrId) {
      const [row] = await session.read(
        statement('SELECT ref, id, document FROM packs WHERE ref = ? OR id = ?', refOrId, refOrId),
      );
      return row && pack(row);
    },

    async findAction(refOrId) {
      const column = isObjectId(refOrId) ? 'id' : 'ref';
      const [row] = await session.read(statement(`SELECT ref, id, document FROM actions WHERE ${column} = ?`, refOrId));
      return row && action(row);
    },

    async findRunnerType(nameOrId) {
      const column = isObjectId(nameOrId) ? 'id' : 'name';
      const [row] = await session.read(
        statement(`SELECT name, id, enabled, document FROM runner_types WHERE ${column} = ?`, nameOrId),
      );
      return row && runnerType(row);
    },
  };
}
