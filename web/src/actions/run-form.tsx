/**
 * The form that runs an action: a field for each parameter one may give. Sends only what was given, so that defaults stay the
 * server's. With an earlier execution it begins with that one's parameters and runs it again with the changes.
 */
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type KeyboardEvent, type MouseEvent, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { requestExecution, rerunExecution } from '../server/executions.ts';
import type { Action, Execution, ParameterSchema, ParameterSchemas } from '../server/types.ts';
import { Icon } from '../show/icon.tsx';
import { ErrorNotice, messageOf } from '../show/notice.tsx';
import { castForm, changedParameters, fieldOrder, type FieldText, fieldText, isNeeded } from './form-values.ts';
import { ParameterField } from './parameter-field.tsx';
import classes from './run-form.module.css';

interface RunFormProps {
  /** With merged parameters. */
  readonly action: Action;
  /** The action's own parameters, where known: the others are its runner's and stand apart. */
  readonly ownParameters: ParameterSchemas | undefined;
  readonly earlier: Execution | undefined;
}

export function RunForm({ action, ownParameters, earlier }: RunFormProps) {
  const schemas = formSchemas(action.parameters ?? {}, earlier);
  const [texts, setTexts] = useState<Readonly<Record<string, FieldText>>>(() => earlierTexts(schemas, earlier));
  const [isTried, setTried] = useState(false);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const { parameters, errors } = castForm(schemas, texts);

  const run = useMutation({
    mutationFn: () =>
      earlier === undefined
        ? requestExecution({ action: action.ref, parameters })
        : rerunExecution(earlier.id, changedParameters(earlier.parameters ?? {}, parameters, schemas)),
    onSuccess: (execution) => navigate(`/history/${execution.id}/general`),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const [wrong] = Object.keys(errors);
    if (wrong === undefined) {
      if (!run.isPending) run.mutate();
      return;
    }
    const field = form.current?.elements.namedItem(`parameter-${wrong}`);
    if (!(field instanceof HTMLElement)) return;
    field.closest('details')?.setAttribute('open', '');
    field.focus();
  };
  // Leaving a field may bring its message, which moves what is below: the press of a button would come up beside it, and
  // nothing would happen. So pressing leaves no field.
  const onMouseDown = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest('button, summary') !== null) event.preventDefault();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter alone is for new lines in text that has several, and for the composition of characters.
    if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const area = event.target instanceof HTMLTextAreaElement ? event.target : undefined;
    // Other fields submit by themselves.
    if (!isCommand && (area === undefined || event.shiftKey || area.dataset['enter'] === 'new-line')) return;
    event.preventDefault();
    form.current?.requestSubmit();
  };

  const fields = fieldOrder(schemas);
  const isRunners = (name: string, schema: ParameterSchema) =>
    ownParameters !== undefined && ownParameters[name] === undefined && schema.required !== true;
  const own = fields.filter(([name, schema]) => !isRunners(name, schema));
  const runners = fields.filter(([name, schema]) => isRunners(name, schema));
  // The first field that must be filled, or the first of all.
  const [focused] = own.find(([, schema]) => isNeeded(schema)) ?? own[0] ?? [];

  const field = ([name, schema]: readonly [string, ParameterSchema]) => (
    <ParameterField
      key={name}
      name={name}
      schema={schema}
      value={texts[name] ?? { text: '' }}
      error={isTried || (left.has(name) && (texts[name]?.text ?? '') !== '') ? errors[name] : undefined}
      hasFocus={name === focused}
      note={secretNote(schema, name, earlier)}
      onChange={(value) => setTexts({ ...texts, [name]: value })}
      onLeave={() => setLeft(new Set(left).add(name))}
    />
  );

  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={submit}
      onKeyDown={onKeyDown}
      onMouseDown={onMouseDown}
      noValidate
      aria-label={`Run ${action.ref}`}
    >
      {earlier !== undefined && (
        <p className={classes.note}>
          The parameters of execution <code>{earlier.id}</code>, to change and run again.
        </p>
      )}
      {fields.length === 0 && <p className={classes.note}>This action takes no parameters.</p>}
      {own.map(field)}
      {runners.length > 0 && (
        <details className={classes.more} open={runners.some(([name]) => texts[name] !== undefined)}>
          <summary>
            <Icon name="chevron" size={12} />
            Runner options ({runners.length})
          </summary>
          <div className={classes.fields}>{runners.map(field)}</div>
        </details>
      )}
      {run.error !== null && <ErrorNotice title="The server did not run it">{messageOf(run.error)}</ErrorNotice>}
      <div className={classes.submit}>
        <Button type="submit" loading={run.isPending} leftSection={<Icon name="play" size={14} />}>
          Run
        </Button>
        <span className={classes.hint}>Enter runs, Shift and Enter begins a new line.</span>
      </div>
    </form>
  );
}

/** A secret the server still has from the earlier run need not be typed again. */
function formSchemas(schemas: ParameterSchemas, earlier: Execution | undefined): ParameterSchemas {
  if (earlier === undefined) return schemas;
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      isKeptSecret(schema, name, earlier) ? { ...schema, required: false } : schema,
    ]),
  );
}

function earlierTexts(schemas: ParameterSchemas, earlier: Execution | undefined): Record<string, FieldText> {
  const texts: Record<string, FieldText> = {};
  for (const [name, value] of Object.entries(earlier?.parameters ?? {})) {
    const schema = schemas[name];
    if (schema === undefined || schema.secret === true || schema.immutable === true) continue;
    texts[name] = value === '' ? { text: '', isEmptyText: true } : { text: fieldText(value) };
  }
  return texts;
}

function isKeptSecret(schema: ParameterSchema, name: string, earlier: Execution | undefined): boolean {
  return schema.secret === true && earlier?.parameters?.[name] !== undefined;
}

function secretNote(schema: ParameterSchema, name: string, earlier: Execution | undefined): string | undefined {
  return isKeptSecret(schema, name, earlier) ? 'Left empty, the earlier value is used.' : undefined;
}
