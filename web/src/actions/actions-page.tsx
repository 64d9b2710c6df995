/** What can be run, by pack. */
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { actionsQuery } from '../server/actions.ts';
import type { ActionSummary } from '../server/types.ts';
import { useTitle } from '../shell/use-title.ts';
import { EmptyNotice, ErrorNotice, messageOf } from '../show/notice.tsx';
import { counted } from '../show/quantity.ts';
import { actionsByPack } from './actions-by-pack.ts';
import classes from './actions-page.module.css';

export default function ActionsPage() {
  const [address, setAddress] = useSearchParams();
  // The address follows what is typed, not the other way round: the router is too slow for a key press.
  const [query, setQuery] = useState(address.get('search') ?? '');
  const searched = useDeferredValue(query);
  const { data, error, isPending, refetch } = useQuery(actionsQuery);
  useTitle('Actions');
  const packs = actionsByPack(data ?? [], searched);
  const found = packs.reduce((sum, pack) => sum + pack.actions.length, 0);

  return (
    <div className="page">
      <div className={classes.head}>
        <h1>Actions</h1>
        <TextInput
          data-search
          aria-label="Search actions"
          placeholder="Search"
          size="xs"
          className={`${classes.search}`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={query}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setQuery(text);
            setAddress(text === '' ? {} : { search: text }, { replace: true });
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
            // Straight to what was searched for.
            if (event.key === 'Enter') document.querySelector<HTMLElement>('[data-row-link]')?.focus();
          }}
        />
        <span className={classes.count} role="status">
          {data !== undefined && counted(found, 'action')}
        </span>
      </div>
      {error !== null && (
        <ErrorNotice title="The actions could not be loaded">
          {messageOf(error)}{' '}
          <Button size="compact-xs" variant="light" onClick={() => void refetch()}>
            Try again
          </Button>
        </ErrorNotice>
      )}
      {isPending && error === null && <EmptyNotice>Loading…</EmptyNotice>}
      {data !== undefined && found === 0 && (
        <EmptyNotice>
          {data.length === 0
            ? 'No pack with actions is registered. Try: stormtail reload'
            : 'No action has this in its name or description.'}
        </EmptyNotice>
      )}
      {packs.map((pack) => (
        <section key={pack.name} className={classes.pack} aria-labelledby={`pack-${pack.name}`}>
          <h2 id={`pack-${pack.name}`} className={classes.packName}>
            {pack.name} <span className={classes.count}>{pack.actions.length}</span>
          </h2>
          <ul className={classes.list}>
            {pack.actions.map((action) => (
              <ActionRow key={action.ref} action={action} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function ActionRow({ action }: { readonly action: ActionSummary }) {
  return (
    <li className={classes.row} data-testid="action-row" data-ref={action.ref}>
      <Link to={`/actions/${action.ref}`} className={`${classes.link}`} data-row-link aria-label={action.ref}>
        {action.name}
      </Link>
      <span className={classes.description}>{action.description}</span>
      <span className={classes.runner}>
        {action.enabled === false && <strong className={classes.disabled}>disabled </strong>}
        {action.runner_type}
      </span>
    </li>
  );
}
