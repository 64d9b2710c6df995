/** Below the output of a program that can be answered: a line to type the answer in, and the end of the input. */
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { sendInput } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import { Icon } from '../show/icon.tsx';
import { ErrorNotice, messageOf } from '../show/notice.tsx';
import { ToolButton } from '../show/tool-button.tsx';
import classes from './input-line.module.css';

const interrupt = '\u0003';

/** Nothing where the execution takes no input now. */
export function InputLine({ execution }: { readonly execution: Execution }) {
  const { id, input, status } = execution;
  return input === undefined || status !== 'running' ? null : <Line id={id} isTerminal={input === 'terminal'} />;
}

function Line({ id, isTerminal }: { readonly id: string; readonly isTerminal: boolean }) {
  const [text, setText] = useState('');
  const [isHidden, setHidden] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const sending = useMutation({
    mutationFn: (wish: Parameters<typeof sendInput>[1]) => sendInput(id, wish),
    // What was typed stays until it has arrived.
    onSuccess: (_answer, wish) => {
      if ('data' in wish && wish.data !== interrupt) setText((now) => (`${now}\n` === wish.data ? '' : now));
    },
    onSettled: () => field.current?.focus(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!sending.isPending) sending.mutate({ data: `${text}\n` });
  };
  return (
    <form className={classes.line} onSubmit={submit} aria-label="Input for the program" data-testid="input-line">
      <div className={classes.row}>
        <div className={classes.box}>
          <span className={classes.mark} aria-hidden="true">
            ❯
          </span>
          <input
            ref={field}
            className={classes.field}
            type={isHidden ? 'password' : 'text'}
            aria-label="Answer"
            placeholder="Answer, then Enter"
            value={text}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          <ToolButton
            icon="eye"
            label="Hide what is typed"
            isPressed={isHidden}
            onClick={() => {
              setHidden(!isHidden);
              field.current?.focus();
            }}
          />
        </div>
        <Button
          type="submit"
          size="compact-sm"
          leftSection={<Icon name="enter" size={14} />}
          loading={sending.isPending}
        >
          Send
        </Button>
        {isTerminal && (
          <Button
            size="compact-sm"
            variant="default"
            title="What the key Ctrl-C sends at a terminal"
            disabled={sending.isPending}
            onClick={() => sending.mutate({ data: interrupt })}
          >
            Interrupt
          </Button>
        )}
        <Button
          size="compact-sm"
          variant="default"
          title={
            isTerminal ? 'What the key Ctrl-D sends at a terminal' : 'The program reads an end; nothing can follow'
          }
          disabled={sending.isPending}
          onClick={() => sending.mutate({ eof: true })}
        >
          End of input
        </Button>
      </div>
      {sending.error !== null && <ErrorNotice title="It was not sent">{messageOf(sending.error)}</ErrorNotice>}
    </form>
  );
}
