/** The state of a connection in a word: live, reconnecting, ended. */
import { useNow } from '../show/use-now.ts';
import classes from './connection-chip.module.css';
import type { ConnectionState } from './event-connection.ts';

export function ConnectionChip({ state }: { readonly state: ConnectionState }) {
  return (
    <span className={classes.chip} data-kind={state.kind} role="status" data-testid="connection-state">
      <span className={classes.dot} aria-hidden="true" />
      {state.kind === 'reconnecting' ? <Reconnecting retryAt={state.retryAt} /> : texts[state.kind]}
    </span>
  );
}

const texts = { connecting: 'connecting', live: 'live', ended: 'ended', refused: 'not connected' } as const;

function Reconnecting({ retryAt }: { readonly retryAt: number }) {
  const now = useNow(250);
  const seconds = Math.ceil((retryAt - now) / 1000);
  return <>reconnecting{seconds > 1 && <span aria-hidden="true"> in {seconds} s</span>}</>;
}
