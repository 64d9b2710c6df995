/** The log-in form. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ErrorNotice, messageOf } from '../show/notice.tsx';
import { logIn } from './log-in.ts';
import classes from './login-page.module.css';

export function LoginPage({ expiredUser }: { readonly expiredUser: string | undefined }) {
  const [user, setUser] = useState(expiredUser ?? '');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const passwordInput = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = 'Log in · Stormtail';
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await logIn(user.trim(), password);
    } catch (failure) {
      setError(failure);
      passwordInput.current?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={(event) => void submit(event)} aria-label="Log in">
        <div className={classes.brand}>
          <img src="./icon.svg" width="28" height="28" alt="" />
          <h1>Stormtail</h1>
        </div>
        {expiredUser !== undefined && (
          <p className={classes.note} role="status">
            The session has expired. Log in again to go on where you were.
          </p>
        )}
        <TextInput
          label="Username"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus={expiredUser === undefined}
          value={user}
          onChange={(event) => setUser(event.currentTarget.value)}
        />
        <PasswordInput
          ref={passwordInput}
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          autoFocus={expiredUser !== undefined}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide what is typed' }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {error !== undefined && <ErrorNotice title={messageOf(error)} />}
        <Button type="submit" fullWidth loading={isBusy}>
          Log in
        </Button>
        <p className={classes.hint}>
          The server printed the first user and password when it was started for the first time.
        </p>
      </form>
    </main>
  );
}
