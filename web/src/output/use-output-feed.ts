/** The feed of an execution's output, for a component: started with the page, stopped with it. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { acceptExecution, executionQuery } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import { isFinal } from '../show/execution-status.ts';
import { type FeedState, OutputFeed } from './output-feed.ts';

/** Give the component a `key` of the execution's id: a feed belongs to one execution. Keeps the execution's query current too. */
export function useOutputFeed(execution: Execution): FeedState {
  const queryClient = useQueryClient();
  const { id } = execution;
  const [initial] = useState(execution);
  const [feed, setFeed] = useState<OutputFeed | undefined>(undefined);
  useEffect(() => {
    const next = new OutputFeed(id, (changed) => {
      acceptExecution(queryClient, changed);
      // The event comes without the result, and children and such may be newer on the server.
      if (isFinal(changed.status)) void queryClient.invalidateQueries({ queryKey: executionQuery(id).queryKey });
    });
    setFeed(next);
    return next.start(initial);
  }, [id, initial, queryClient]);
  return useSyncExternalStore(feed?.subscribe ?? noSubscription, feed?.current ?? notStarted);
}

const waiting: FeedState = {
  version: 0,
  lines: [],
  dropped: 0,
  unsettledFrom: 1,
  longest: 0,
  connection: { kind: 'connecting' },
  end: undefined,
  numberOffset: 0,
  hosts: [],
};
const notStarted = (): FeedState => waiting;
const noSubscription = () => () => undefined;
