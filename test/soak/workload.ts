/**
 * What is asked for: executions of every runner whose output and end are known beforehand. Each one first appends its id to
 * a file, so that a second start would show.
 */
import type { Chance } from '../simulation/seeded-chance.ts';

export interface Order {
  readonly kind: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Where nothing interferes. */
  readonly status: 'succeeded' | 'failed' | 'timeout';
  /** All of stdout, where it ends by itself. */
  readonly stdout: string;
  /** Seconds until it is canceled. */
  readonly cancelAfterS?: number;
  /** Runs on other hosts: ends with the server, or with their sshd. */
  readonly isRemote: boolean;
}

export interface RemoteHosts {
  readonly hosts: string;
  readonly username: string;
  readonly privateKey: string;
}

export interface Surroundings {
  /** File that every start writes a line to. */
  readonly startsPath: string;
  /** Undefined where there is no sshd, or no runner for it. */
  readonly remote: RemoteHosts | undefined;
}

const header = 'description: d\nversion: 1.0.0\nauthor: a\nemail: a@example.org\n';
const script = `#!/bin/bash
echo "$ST2_ACTION_EXECUTION_ID" >> "$1"
for ((i = 1; i <= $2; i++)); do echo "script $3 $i"; [ "$4" = 0 ] || sleep "$4"; done
exit "$5"
`;
const positional = ['starts', 'lines', 'mark', 'pause', 'code'];
const scriptParameters = positional
  .map((name, position) => `  ${name}:\n    type: string\n    required: true\n    position: ${position}\n`)
  .join('');

/** Files below the home. */
export const soakPack: Readonly<Record<string, string>> = {
  'packs/soak/pack.yaml': `ref: soak\nname: soak\n${header}`,
  'packs/soak/actions/script.yaml': `name: script\nrunner_type: local-shell-script\nentry_point: script.sh\nparameters:\n${scriptParameters}`,
  'packs/soak/actions/script.sh': script,
  'packs/soak/actions/python.yaml': `name: python\nrunner_type: python-script\nentry_point: python.py\nparameters:\n${scriptParameters}`,
  'packs/soak/actions/python.py': `import os
import sys
import time
from st2common.runners.base_action import Action


class Soak(Action):
    def run(self, starts, lines, mark, pause, code):
        with open(starts, 'a') as file:
            file.write(os.environ['ST2_ACTION_EXECUTION_ID'] + '\\n')
        for i in range(1, int(lines) + 1):
            print('python %s %d' % (mark, i), flush=True)
            if pause != '0':
                time.sleep(float(pause))
        return (code == '0', mark)
`,
};
/** Only where the runner is known: a pack with an unknown one is not registered. */
export const remotePack: Readonly<Record<string, string>> = {
  'packs/soak/actions/remote_script.yaml': `name: remote_script\nrunner_type: remote-shell-script\nentry_point: script.sh\nparameters:\n${scriptParameters}`,
};

const lines = (word: string, mark: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${word} ${mark} ${at + 1}\n`).join('');

/** The next execution to ask for. `mark` makes its output its own. */
export function nextOrder(chance: Chance, mark: string, { startsPath, remote }: Surroundings): Order {
  const code = chance.is(0.15) ? chance.between(1, 100) : 0;
  const status = code === 0 ? 'succeeded' : 'failed';
  const cancel = chance.is(0.1) ? { cancelAfterS: chance.next() * 2 } : {};
  const count = chance.is(0.1) ? chance.between(500, 3_000) : chance.between(0, 20);
  const pause = count <= 20 && chance.is(0.4) ? (chance.between(1, 15) / 100).toFixed(2) : '0';
  const scriptCall = { starts: startsPath, lines: String(count), mark, pause, code: String(code) };
  const loop = `for i in $(seq ${count}); do echo "line ${mark} $i"; ${pause === '0' ? ':' : `sleep ${pause}`}; done`;
  const started = `echo "$ST2_ACTION_EXECUTION_ID" >> '${startsPath}'`;
  const draw = chance.next();
  if (draw < 0.08) {
    const cmd = `${started}; echo "line ${mark} 1"; sleep 300`;
    const parameters = { cmd, timeout: chance.between(1, 3) };
    return {
      kind: 'timeout',
      action: 'core.local',
      parameters,
      status: 'timeout',
      stdout: `line ${mark} 1\n`,
      isRemote: false,
    };
  }
  if (draw < 0.4)
    return {
      kind: 'local-shell-cmd',
      action: 'core.local',
      parameters: { cmd: `${started}; ${loop}; exit ${code}` },
      status,
      stdout: lines('line', mark, count),
      isRemote: false,
      ...cancel,
    };
  if (draw < 0.65)
    return {
      kind: 'local-shell-script',
      action: 'soak.script',
      parameters: scriptCall,
      status,
      stdout: lines('script', mark, count),
      isRemote: false,
      ...cancel,
    };
  if (draw < 0.8 || !remote)
    return {
      kind: 'python-script',
      action: 'soak.python',
      parameters: scriptCall,
      status,
      stdout: lines('python', mark, count),
      isRemote: false,
      ...cancel,
    };
  const where = { hosts: remote.hosts, username: remote.username, private_key: remote.privateKey };
  return draw < 0.9
    ? {
        kind: 'remote-shell-cmd',
        action: 'core.remote',
        parameters: { ...where, cmd: `${loop}; exit ${code}` },
        status,
        stdout: lines('line', mark, count),
        isRemote: true,
        ...cancel,
      }
    : {
        kind: 'remote-shell-script',
        action: 'soak.remote_script',
        parameters: { ...where, ...scriptCall, starts: '/dev/null' },
        status,
        stdout: lines('script', mark, count),
        isRemote: true,
        ...cancel,
      };
}
