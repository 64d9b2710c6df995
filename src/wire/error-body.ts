/** The body of every answer that is not a success. */
import Type from 'typebox';

export const errorBodySchema = Type.Object(
  {
    faultstring: Type.String({ description: 'what went wrong, for people' }),
    'conflict-id': Type.Optional(Type.String({ description: 'id of what exists already, with status 409' })),
  },
  { title: 'Error' },
);

export type ErrorBody = Type.Static<typeof errorBodySchema>;
