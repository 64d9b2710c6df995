/** Which events of the general stream a client wants (spec/output-streaming.md §5). Pure. */
import { outputEventName } from '../wire/output.ts';
import { globMatcher } from './glob.ts';

/** What a client gets that names no events: no output, no aliases. */
const defaultEvents = [
  'st2.announcement__*',
  'st2.execution__create',
  'st2.execution__update',
  'st2.execution__delete',
  'st2.liveaction__create',
  'st2.liveaction__update',
  'st2.liveaction__delete',
] as const;

/** An event as far as filters look at it. */
export interface EventFacts {
  readonly name: string;
  /** Of execution and output events. */
  readonly executionId?: string;
  readonly actionRef?: string;
}

export interface EventFilter {
  wants(event: EventFacts): boolean;
  /** Whether an event of this name could pass: spares building those that cannot. */
  wantsName(name: string): boolean;
  readonly wantsOutput: boolean;
  readonly executionIds: readonly string[];
}

export function eventFilter(wish: {
  events?: readonly string[] | undefined;
  actionRefs?: readonly string[] | undefined;
  executionIds?: readonly string[] | undefined;
}): EventFilter {
  const named = clean(wish.events);
  const matchers = (named.length > 0 ? named : defaultEvents).map(globMatcher);
  const actionRefs = new Set(clean(wish.actionRefs));
  const executionIds = new Set(clean(wish.executionIds));
  const verdicts = new Map<string, boolean>();
  const wantsName = (name: string) => {
    const known = verdicts.get(name);
    if (known !== undefined) return known;
    const verdict = matchers.some((matches) => matches(name));
    // Names of announcements come from users: the memory of verdicts is bounded.
    if (verdicts.size < 1_000) verdicts.set(name, verdict);
    return verdict;
  };
  return {
    wantsName,
    wantsOutput: wantsName(outputEventName),
    executionIds: [...executionIds],
    wants: ({ name, executionId, actionRef }) =>
      wantsName(name) &&
      (actionRefs.size === 0 || (actionRef !== undefined && actionRefs.has(actionRef))) &&
      // Live actions carry another id: with this filter only execution and output events pass.
      (executionIds.size === 0 ||
        (executionId !== undefined && !name.startsWith('st2.liveaction__') && executionIds.has(executionId))),
  };
}

function clean(list: readonly string[] | undefined): readonly string[] {
  return (list ?? []).map((item) => item.trim()).filter((item) => item !== '');
}
