/**
 * Parts of a benchmark that need a process of their own. The program is one bundled file, so such a process is this
 * file again with `--role NAME`; it talks to its parent in messages and ends with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type RoleName = 'baseline-server' | 'followers';

export interface Role extends Disposable {
  readonly child: ChildProcess;
  /** The next message from it. Rejects where it ends first. */
  message(): Promise<unknown>;
  tell(message: Readonly<Record<string, unknown>>): void;
}

export function startRole(name: RoleName, rest: readonly string[] = []): Role {
  const program = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [program, '--role', name, ...rest], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const arrived: unknown[] = [];
  const wanted: { resolve: (message: unknown) => void; reject: (error: Error) => void }[] = [];
  let hasEnded = false;
  child.on('message', (message) => {
    const next = wanted.shift();
    if (next) next.resolve(message);
    else arrived.push(message);
  });
  child.on('exit', (code) => {
    hasEnded = true;
    for (const { reject } of wanted.splice(0)) reject(new Error(`the process "${name}" ended with ${code}`));
  });
  return {
    child,
    message() {
      if (arrived.length > 0) return Promise.resolve(arrived.shift());
      if (hasEnded) return Promise.reject(new Error(`the process "${name}" has ended`));
      return new Promise((resolve, reject) => wanted.push({ resolve, reject }));
    },
    tell: (message) => void child.send(message),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** In a role's process: to whoever started it. */
export function tellParent(message: Readonly<Record<string, unknown>>): void {
  process.send?.(message);
}

/** In a role's process: it must not outlive its parent. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit());
}
