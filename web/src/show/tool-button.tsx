/** A small button of a toolbar: an icon, a text where there is room, and always a name. Pressed or not for toggles. */
import type { ComponentProps } from 'react';
import { Icon, type IconName } from './icon.tsx';
import classes from './tool-button.module.css';

interface ToolButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'type'> {
  readonly icon: IconName;
  /** The accessible name; also the tooltip when no text is shown. */
  readonly label: string;
  /** Shown beside the icon where the screen is wide enough. */
  readonly text?: string;
  readonly isPressed?: boolean;
}

export function ToolButton({ icon, label, text, isPressed, ...rest }: ToolButtonProps) {
  return (
    <button
      type="button"
      className={classes.button}
      aria-label={label}
      title={label}
      {...(isPressed === undefined ? {} : { 'aria-pressed': isPressed })}
      {...rest}
    >
      <Icon name={icon} />
      {text !== undefined && <span className={classes.text}>{text}</span>}
    </button>
  );
}
