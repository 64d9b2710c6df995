/** A message in place: an error that says what to do, or an empty list that says why. */
import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import classes from './notice.module.css';

export function ErrorNotice({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div role="alert" className={classes.error}>
      <span className={classes.icon}>
        <Icon name="warning" />
      </span>
      <div>
        <strong>{title}</strong>
        {children !== undefined && <div className={classes.text}>{children}</div>}
      </div>
    </div>
  );
}

export function EmptyNotice({ children }: { readonly children: ReactNode }) {
  return <div className={classes.empty}>{children}</div>;
}

/** What to show of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
