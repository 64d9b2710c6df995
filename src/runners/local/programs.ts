/**
 * Programs that the server itself calls by name. Found once, in the places where systems keep them: the PATH that a command
 * runs with comes from its user, and could lead to anything.
 */
import { existsSync } from 'node:fs';

// The last ones are where NixOS keeps them.
export const sudoPath = findProgram('sudo', ['/usr/bin', '/bin', '/usr/local/bin', '/run/wrappers/bin']);
export const envPath = findProgram('env', ['/usr/bin', '/bin', '/run/current-system/sw/bin']);

/** The name alone where it is in none of the directories. */
export function findProgram(name: string, directories: readonly string[]): string {
  return directories.map((directory) => `${directory}/${name}`).find((path) => existsSync(path)) ?? name;
}
