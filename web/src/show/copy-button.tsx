/** Copies a text to the clipboard and says so for a moment. */
import { useEffect, useState } from 'react';
import { ToolButton } from './tool-button.tsx';

interface CopyButtonProps {
  /** Asked for when pressed, because it may be large. */
  readonly text: () => string;
  /** What is copied: `Copy <what>`. */
  readonly what: string;
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | undefined>(undefined);
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), 1500);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(text())) ? 'copied' : 'failed');
  const label =
    outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Not copied: the browser refused' : `Copy ${what}`;
  return (
    <ToolButton
      icon={outcome === 'copied' ? 'check' : outcome === 'failed' ? 'cross' : 'copy'}
      label={label}
      onClick={() => void copy()}
    />
  );
}

/** Browsers offer the clipboard only to secure pages; plain HTTP on a LAN gets the old way. */
async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
