/**
 * Runner parameters that StackStorm does not have. Packs were written without knowing of them, so an action may have a
 * parameter of the same name that means something else: one that it declares with a type is its own, and is handed to its
 * script or class as ever. Without a type it is the runner's, with another default.
 */
const yielding: ReadonlySet<string> = new Set(['stdin', 'interactive', 'tty', 'limits']);

/** Whether `name` is the action's own, although its runner has one of that name too. */
export function isActionsOwn(name: string, declared: { readonly type?: unknown } | undefined): boolean {
  return yielding.has(name) && declared !== undefined && declared.type !== undefined;
}
