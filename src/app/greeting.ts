/** What the person who started the server reads: where it is, who they are, and a command to paste. */
import type { Config } from './config.ts';
import type { System } from './system.ts';

export function greeting(system: Pick<System, 'url' | 'user' | 'password'>, config: Config, version: string): string {
  const lines = [
    `Stormtail ${version} is running.`,
    '',
    `  address   ${system.url}`,
    system.password === undefined
      ? `  user      ${system.user}`
      : `  user      ${system.user}   password  ${system.password}   (shown only this once)`,
    `  data      ${config.home}`,
    '',
    'Try it in another terminal:',
    '',
    `  npx st2 run core.local cmd='for i in 1 2 3; do echo line $i; sleep 1; done' --tail`,
    '',
    'Stop it with Ctrl-C.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}
