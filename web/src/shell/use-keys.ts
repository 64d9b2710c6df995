/**
 * The keys that work everywhere: `g h`, `g a`, `/`, `j`, `k`, `?`. Never while something is being typed, and never with a modifier, so
 * that nothing of the browser's or the system's is taken away.
 */
import { useEffect, useEffectEvent, useState } from 'react';

/** How long after `g` its second key may come. */
const chordMs = 1200;

export interface Keys {
  readonly isDialogOpen: boolean;
  readonly openDialog: () => void;
  readonly closeDialog: () => void;
}

export function useKeys(goTo: (path: string) => void): Keys {
  const [isDialogOpen, setDialogOpen] = useState(false);
  const go = useEffectEvent(goTo);
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isChord = event.timeStamp < chordUntil;
      chordUntil = 0;
      if (isChord && event.key === 'h') go('/history');
      else if (isChord && event.key === 'a') go('/actions');
      else if (event.key === 'g') chordUntil = event.timeStamp + chordMs;
      else if (event.key === '?') setDialogOpen(true);
      else if (event.key === '/' && focusSearch()) event.preventDefault();
      else if (event.key === 'j') moveInList(1);
      else if (event.key === 'k') moveInList(-1);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return { isDialogOpen, openDialog: () => setDialogOpen(true), closeDialog: () => setDialogOpen(false) };
}

/** Whether keys go into a field just now. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** The page's search field carries `data-search`. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('input[data-search]');
  field?.focus();
  field?.select();
  return field !== null;
}

/** Rows that can be opened carry `data-row-link`. */
function moveInList(step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('[data-row-link]')];
  const index = document.activeElement instanceof HTMLElement ? links.indexOf(document.activeElement) : -1;
  links.at(index === -1 ? 0 : Math.min(links.length - 1, Math.max(0, index + step)))?.focus();
}
