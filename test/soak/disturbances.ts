/** What goes wrong meanwhile, by chance and on purpose: SIGKILL for the server and for what it works with. */
import { readFileSync } from 'node:fs';
import { processesOf, processesWith, signalQuietly } from '../support/server-process.ts';
import type { Sshd } from '../support/sshd.ts';
import type { Chance } from '../simulation/seeded-chance.ts';
import type { DisturbanceKind, Ledger } from './ledger.ts';
import type { SoakServer } from './soak-server.ts';

export async function disturb(
  chance: Chance,
  { server, ledger, sshds }: { server: SoakServer; ledger: Ledger; sshds: readonly Sshd[] },
): Promise<DisturbanceKind> {
  const kinds: [DisturbanceKind, ...DisturbanceKind[]] = ['server', 'server', 'launcher', 'python'];
  if (sshds.length > 0) kinds.push('sshd');
  const kind = chance.of(kinds);
  ledger.disturbances.push({ kind, atMs: performance.now() });
  switch (kind) {
    case 'server':
      await server.kill();
      await server.start();
      break;
    case 'launcher':
      // Whatever the server keeps ready to start actions with.
      for (const pid of childrenOf(server.pid)) if (!isPython(pid) && chance.is(0.7)) signalQuietly(pid, 'SIGKILL');
      break;
    case 'python': {
      const found = childrenOf(server.pid).filter(isPython);
      for (const pid of found) signalQuietly(pid, 'SIGKILL');
      // Where no process of the server's is a Python, an action's is.
      if (found.length === 0) killOnePythonAction(ledger);
      break;
    }
    case 'sshd': {
      // All its sessions; the one that listens stays, with its host key.
      const sshd = sshds[chance.between(0, sshds.length - 1)];
      if (sshd) for (const pid of sessionsOf(sshd.directory)) signalQuietly(pid, 'SIGKILL');
      break;
    }
  }
  // What it hit may take a moment to show.
  ledger.disturbances.push({ kind, atMs: performance.now() });
  return kind;
}

function killOnePythonAction(ledger: Ledger): void {
  const running = [...ledger.entries.values()].filter(
    ({ order, endedMs }) => order.kind === 'python-script' && endedMs === undefined,
  );
  for (const { id } of running.slice(0, 3))
    for (const { pid, command } of processesOf(id)) if (/python/.test(command)) signalQuietly(pid, 'SIGKILL');
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // gone meanwhile
  }
}

/** Children of the process that listens, which are of sshd and do not listen themselves. */
function sessionsOf(directory: string): readonly number[] {
  const listening = processesWith(`-f ${directory}/sshd_config`).filter(({ command }) => command.includes('sshd'));
  const spared = new Set(listening.map(({ pid }) => pid));
  return listening.flatMap(({ pid }) => childrenOf(pid)).filter((pid) => !spared.has(pid));
}

function isPython(pid: number): boolean {
  try {
    return /python/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  } catch {
    return false; // gone meanwhile
  }
}
