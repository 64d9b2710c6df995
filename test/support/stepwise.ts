/** Shell commands that print and then wait for the test to say go on: output at chosen moments, without sleeping. */
import { writeFile } from 'node:fs/promises';
import type { TestServer } from './server.ts';

export interface Stepwise {
  readonly id: string;
  /** Lets the command pass its `wait_for <step>`. */
  readonly go: (step: string) => Promise<void>;
}

let runs = 0;

/** Runs `cmd` with core.local; in it `wait_for a` stops until `go('a')`. */
export async function runStepwise(server: TestServer, cmd: string): Promise<Stepwise> {
  const gate = `${server.home}/gate-${runs++}`;
  const waitFor = `wait_for() { until [ -e ${gate}-$1 ]; do sleep 0.02; done; }; `;
  const id = await server.run('core.local', { cmd: waitFor + cmd });
  return { id, go: (step) => writeFile(`${gate}-${step}`, '') };
}
