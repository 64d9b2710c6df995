/** A titled box of a page. */
import type { ReactNode } from 'react';
import classes from './panel.module.css';

interface PanelProps {
  readonly title: string;
  /** Beside the title, at the end. */
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ title, tools, children }: PanelProps) {
  return (
    <section className={classes.panel} aria-label={title}>
      <div className={classes.head}>
        <h2>{title}</h2>
        <div className={classes.tools}>{tools}</div>
      </div>
      <div className={classes.body}>{children}</div>
    </section>
  );
}
