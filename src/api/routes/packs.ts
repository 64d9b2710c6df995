/** Packs, their files, and registering them (spec/api.md §8.5, spec/packs.md §6.2, §11). */
import Type from 'typebox';
import { Fault } from '../../base/errors.ts';
import type { Pack } from '../../core/model/pack.ts';
import type { Context } from '../../operations/context.ts';
import { packTextFiles, readPackFile } from '../../operations/pack-files.ts';
import { registerPacks } from '../../operations/register-packs.ts';
import { hasOneOf, hasValue } from '../../wire/field-filter.ts';
import { parseSort } from '../../wire/list-query.ts';
import {
  type PackRegisterRequest,
  packAttributes,
  packFileSchema,
  packRegisterAnswerSchema,
  packRegisterSchema,
  packSchema,
  packSortKeys,
} from '../../wire/pack.ts';
import { contentTypeOf } from '../content-type.ts';
import { isUnchanged } from '../entity-tag.ts';
import { notFoundText } from '../errors.ts';
import { fileHeaders } from '../file-headers.ts';
import { attributeQuery, listAnswer, pagingQuery, sortQuery } from '../list-answer.ts';
import { type Route, route } from '../route.ts';

export function packRoutes(context: Context): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/packs',
      summary: 'List packs, by ref',
      query: {
        id: { kind: 'array', description: 'ids' },
        name: { kind: 'string', description: 'name' },
        ref: { kind: 'string', description: 'ref' },
        ...pagingQuery,
        ...sortQuery,
        ...attributeQuery,
      },
      response: Type.Array(packSchema),
      async handle({ query, requester }) {
        const packs = (await context.store.content.packs()).filter(
          (pack) => hasOneOf(pack.id, query.id) && hasValue(pack.name, query.name) && hasValue(pack.ref, query.ref),
        );
        return listAnswer(packs, query, {
          paging: { defaultLimit: 100, maxPageSize: context.settings.maxPageSize, isAdmin: requester.isAdmin },
          attributes: packAttributes,
          sort: parseSort(query.sort, packSortKeys),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/packs/:ref_or_id',
      summary: 'One pack',
      response: packSchema,
      async handle({ path }) {
        return { body: await getPack(context, path.ref_or_id) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/packs/views/files/:ref_or_id',
      summary: 'The text files of a pack',
      response: Type.Array(packFileSchema),
      async handle({ path }) {
        return { body: await packTextFiles(await getPack(context, path.ref_or_id)) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/packs/views/file/:ref_or_id/*',
      summary: 'One file of a pack, as it is',
      async handle({ path, headers }) {
        const pack = await getPack(context, path.ref_or_id);
        const name = path['*'] ?? '';
        const { bytes, modifiedMs } = await readPackFile(pack, name);
        // StackStorm's tag is the time of modification as a float; the size tells apart two writes within it.
        const etag = `"${modifiedMs / 1000}-${bytes.length}"`;
        const caching = { ETag: etag, 'Last-Modified': new Date(modifiedMs).toUTCString() };
        if (isUnchanged(headers, { etag, modifiedMs })) return { status: 304, headers: caching };
        const type = contentTypeOf(name, 'application/octet-stream');
        return { headers: { ...caching, ...fileHeaders(type) }, body: bytes };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/packs/register',
      summary: 'Take in the content of packs from disk',
      body: packRegisterSchema,
      response: packRegisterAnswerSchema,
      async handle({ body }) {
        const { packs, types, fail_on_failure: failOnFailure = true } = body as PackRegisterRequest; // checked against the schema
        const { counts, removed, errors } = await registerPacks(context, {
          failOnFailure,
          ...(packs ? { packs } : {}),
          ...(types ? { types } : {}),
        });
        if (failOnFailure) return { body: { ...counts, ...(removed > 0 ? { removed } : {}) } };
        return { body: { ...counts, removed, errors: errors.map(({ text: _, ...error }) => error) } };
      },
    }),
  ];
}

/** First segments that have a meaning of their own and never are a pack's name. */
const reservedNames = ['index', 'views'];

async function getPack(context: Context, refOrId = ''): Promise<Pack> {
  if (reservedNames.includes(refOrId)) throw new Fault('not_found', notFoundText);
  const pack = await context.store.content.findPack(refOrId);
  if (!pack) throw new Fault('not_found', `Resource with a ref or id "${refOrId}" not found`);
  return pack;
}
