/** Light, dark, or as the system: one button that goes around. The choice is kept. */
import { type MantineColorScheme, useMantineColorScheme } from '@mantine/core';
import type { IconName } from '../show/icon.tsx';
import { ToolButton } from '../show/tool-button.tsx';

const schemes = {
  auto: { icon: 'system', name: 'as the system', next: 'light' },
  light: { icon: 'sun', name: 'light', next: 'dark' },
  dark: { icon: 'moon', name: 'dark', next: 'auto' },
} as const satisfies Record<MantineColorScheme, { icon: IconName; name: string; next: MantineColorScheme }>;

export function SchemeButton() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { icon, name, next } = schemes[colorScheme];
  return (
    <ToolButton
      icon={icon}
      label={`Colours: ${name}. Change to ${schemes[next].name}`}
      data-testid="color-scheme"
      onClick={() => setColorScheme(next)}
    />
  );
}
