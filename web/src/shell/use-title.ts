/** The window's title, so that tabs can be told apart. */
import { useEffect } from 'react';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Stormtail`;
  }, [title]);
}
