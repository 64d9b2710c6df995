/** The field of one parameter, by its type, with its description, its default, and what is wrong with what was typed. */
import { NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ParameterSchema } from '../server/types.ts';
import { choicesOf, type FieldText, fieldKind, fieldText } from './form-values.ts';
import classes from './parameter-field.module.css';

interface ParameterFieldProps {
  readonly name: string;
  readonly schema: ParameterSchema;
  readonly value: FieldText;
  readonly error: string | undefined;
  readonly hasFocus: boolean;
  readonly note: string | undefined;
  readonly onChange: (value: FieldText) => void;
  readonly onLeave: () => void;
}

export function ParameterField({ name, schema, value, error, hasFocus, note, onChange, onLeave }: ParameterFieldProps) {
  const kind = fieldKind(schema);
  const defaultText = fieldText(schema.default);
  const shared = {
    name: `parameter-${name}`,
    label: <Label name={name} schema={schema} />,
    description: <Description schema={schema} note={note} />,
    error,
    inputWrapperOrder: ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[],
    classNames: {
      label: `${classes.label}`,
      input: `${classes.input}`,
      error: `${classes.error}`,
      description: `${classes.description}`,
    },
    autoFocus: hasFocus,
    onBlur: onLeave,
    'aria-required': schema.required === true,
    'data-testid': `parameter-${name}`,
  };
  switch (kind) {
    case 'choice':
      return (
        <NativeSelect
          {...shared}
          value={value.text}
          onChange={(event) => onChange({ text: event.currentTarget.value })}
          data={[
            { value: '', label: defaultText === '' ? 'not given' : `default: ${defaultText}` },
            ...choicesOf(schema).map((choice) => ({ value: fieldText(choice), label: fieldText(choice) })),
          ]}
        />
      );
    case 'secret':
      return (
        <PasswordInput
          {...shared}
          // The other fields of Mantine say it by themselves.
          aria-invalid={error !== undefined}
          // Not the password of this site, so nothing the browser should fill in or keep.
          autoComplete="new-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide what is typed' }}
          placeholder={defaultText === '' ? '' : 'the default'}
          value={value.text}
          onChange={(event) => onChange({ text: event.currentTarget.value })}
        />
      );
    case 'number':
      return (
        <TextInput
          {...shared}
          inputMode={schema.type === 'integer' ? 'numeric' : 'decimal'}
          autoComplete="off"
          value={value.text}
          onChange={(event) => onChange({ text: event.currentTarget.value })}
        />
      );
    case 'text':
    case 'list':
    case 'json':
      return (
        <div>
          <Textarea
            {...shared}
            autosize
            minRows={kind === 'text' ? 1 : 2}
            maxRows={16}
            // Lists and JSON are written in several lines; there Enter is theirs, and Control with Enter runs.
            data-enter={kind === 'text' ? 'run' : 'new-line'}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder={value.isEmptyText === true ? 'an empty text' : defaultText === '' ? placeholders[kind] : ''}
            value={value.text}
            onChange={(event) => onChange({ text: event.currentTarget.value })}
          />
          {kind === 'text' && value.text === '' && defaultText !== '' && (
            <EmptyChoice isEmpty={value.isEmptyText === true} onChange={onChange} />
          )}
        </div>
      );
  }
}

const placeholders = { text: '', list: 'one item a line, or a, b, c', json: '{"name": "value"}' } as const;

/** An untouched field means the default; an empty text has to be asked for. */
function EmptyChoice({
  isEmpty,
  onChange,
}: {
  readonly isEmpty: boolean;
  readonly onChange: (value: FieldText) => void;
}) {
  return (
    <button
      type="button"
      className={classes.empty}
      onClick={() => onChange(isEmpty ? { text: '' } : { text: '', isEmptyText: true })}
    >
      {isEmpty ? 'Use the default' : 'Use an empty text'}
    </button>
  );
}

function Label({ name, schema }: { readonly name: string; readonly schema: ParameterSchema }): ReactNode {
  return (
    <>
      {name}
      {schema.required === true && (
        <span className={classes.required} aria-hidden="true">
          {' '}
          required
        </span>
      )}
      <span className={classes.type} aria-hidden="true">
        {typeof schema.type === 'string' ? schema.type : (schema.type?.join(' or ') ?? 'any')}
      </span>
    </>
  );
}

function Description({
  schema,
  note,
}: {
  readonly schema: ParameterSchema;
  readonly note: string | undefined;
}): ReactNode {
  // A choice names it among the choices.
  const isSaid =
    schema.secret === true || fieldKind(schema) === 'choice' || schema.default === undefined || schema.default === null;
  const defaultText = isSaid || schema.default === '' ? '' : oneLine(schema.default);
  return (
    <>
      {schema.description}
      {note !== undefined && <span> {note}</span>}
      {defaultText !== '' && (
        <span className={classes.default}>
          {' '}
          Default: <code>{defaultText.length > 200 ? `${defaultText.slice(0, 200)}…` : defaultText}</code>
        </span>
      )}
    </>
  );
}

function oneLine(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
