/** Packs as they are published, their files, and what registering them answers. */
import Type from 'typebox';
import type { AttributeRules } from './list-query.ts';

export const packSchema = Type.Object(
  {
    id: Type.String(),
    ref: Type.String(),
    uid: Type.String(),
    name: Type.String(),
    description: Type.String(),
    version: Type.String(),
    author: Type.String(),
    email: Type.String(),
    keywords: Type.Array(Type.String()),
    contributors: Type.Array(Type.String()),
    python_versions: Type.Array(Type.String()),
    dependencies: Type.Array(Type.String()),
    system: Type.Record(Type.String(), Type.Unknown()),
    stackstorm_version: Type.Optional(Type.String()),
    files: Type.Array(Type.String()),
    path: Type.String(),
  },
  { title: 'Pack' },
);

export const packAttributes: AttributeRules = {
  fields: Object.keys(packSchema.properties),
  always: ['id', 'ref'],
  excludable: [],
};

export const packSortKeys = ['name', 'ref', 'id'] as const;

export const packFileSchema = Type.Object({ file_path: Type.String(), content: Type.String() }, { title: 'PackFile' });

export const packRegisterSchema = Type.Object(
  {
    types: Type.Optional(
      Type.Array(Type.String(), { description: 'kinds of content, singular or plural; default all' }),
    ),
    packs: Type.Optional(Type.Array(Type.String(), { description: 'default: every pack on disk' })),
    fail_on_failure: Type.Optional(
      Type.Boolean({ description: 'answer 400 when a file is bad; good files are registered either way' }),
    ),
  },
  { title: 'PackRegisterRequest', additionalProperties: false },
);

export type PackRegisterRequest = Type.Static<typeof packRegisterSchema>;

export const packRegisterAnswerSchema = Type.Object(
  {
    runners: Type.Optional(Type.Integer()),
    actions: Type.Optional(Type.Integer()),
    removed: Type.Optional(Type.Integer({ description: 'actions that are no longer on disk' })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pack: Type.String(),
          file: Type.String(),
          line: Type.Optional(Type.Integer()),
          column: Type.Optional(Type.Integer()),
          message: Type.String(),
        }),
      ),
    ),
  },
  { title: 'PackRegisterAnswer' },
);
