/** The frame of every page: where one can go, who one is, how it looks, and the keys. */
import type { ReactNode } from 'react';
import { NavLink, useNavigate } from 'react-router';
import { endSession } from '../session/session.ts';
import { useSession } from '../session/use-session.ts';
import { Icon } from '../show/icon.tsx';
import { ToolButton } from '../show/tool-button.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { SchemeButton } from './scheme-button.tsx';
import classes from './shell.module.css';
import { useKeys } from './use-keys.ts';

export function Shell({ children }: { readonly children: ReactNode }) {
  const session = useSession();
  const navigate = useNavigate();
  const keys = useKeys((path) => void navigate(path));
  const logOut = () => {
    endSession();
    void navigate('/history', { replace: true });
  };
  return (
    <>
      <button type="button" className={classes.skip} onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <header className={classes.header}>
        <NavLink to="/history" className={`${classes.brand}`} aria-label="Stormtail: history">
          <img src="./icon.svg" width="20" height="20" alt="" />
          <span>Stormtail</span>
        </NavLink>
        <nav className={classes.nav} aria-label="Main">
          <NavLink to="/history" className={`${classes.link}`}>
            <Icon name="history" />
            History
          </NavLink>
          <NavLink to="/actions" className={`${classes.link}`}>
            <Icon name="bolt" />
            Actions
          </NavLink>
        </nav>
        <div className={classes.tools}>
          <span className={classes.keys}>
            <ToolButton icon="keyboard" label="Keyboard shortcuts" onClick={keys.openDialog} />
          </span>
          <SchemeButton />
          <span className={classes.user} title="Logged in as" data-testid="current-user">
            {session.kind === 'none' ? '' : session.user}
          </span>
          <ToolButton icon="exit" label="Log out" onClick={logOut} />
        </div>
      </header>
      <main id="main" tabIndex={-1} className={classes.main}>
        {children}
      </main>
      <KeysDialog isOpen={keys.isDialogOpen} onClose={keys.closeDialog} />
    </>
  );
}
