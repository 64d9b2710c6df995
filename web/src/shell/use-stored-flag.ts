/** A yes or no that the browser remembers: the little choices of how things are shown. */
import { useState } from 'react';

export function useStoredFlag(name: string, initial: boolean): [boolean, (value: boolean) => void] {
  const key = `stormtail.${name}`;
  const [value, setValue] = useState(() => (localStorage.getItem(key) ?? String(initial)) === 'true');
  return [
    value,
    (next) => {
      localStorage.setItem(key, String(next));
      setValue(next);
    },
  ];
}
