/**
 * An upgrade in the daytime: the server is told to stop while actions of every kind run, waits for them no longer than it
 * was told, and another one starts on the same home. Nobody kills anything, and nobody insists.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processesOf } from '../support/server-process.ts';
import { startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream } from '../support/sse.ts';

/** Half of the lines, then the rest once the file is there. */
const printing = (go: string) =>
  `for i in $(seq 40); do echo line $i; while [ $i = 20 ] && [ ! -e ${go} ]; do sleep 0.05; done; done`;
const goParameter = 'parameters:\n  go:\n    type: string\n    required: true\n    position: 0\n';

const pack: Readonly<Record<string, string>> = {
  'packs/daytime/pack.yaml':
    'ref: daytime\nname: daytime\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@example.org\n',
  'packs/daytime/actions/script.yaml': `name: script\nrunner_type: local-shell-script\nentry_point: script.sh\n${goParameter}`,
  'packs/daytime/actions/script.sh': `#!/bin/sh\n${printing('"$1"')}\necho done >&2\nexit 5\n`,
  'packs/daytime/actions/python.yaml': `name: python\nrunner_type: python-script\nentry_point: python.py\n${goParameter}`,
  'packs/daytime/actions/python.py': `import os
import time
from st2common.runners.base_action import Action

class Daytime(Action):
    def run(self, go):
        for i in range(1, 41):
            print('line %d' % i, flush=True)
            while i == 20 and not os.path.exists(go):
                time.sleep(0.05)
        return {'answer': 42}
`,
};
const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`).join('');

test('SIGTERM once while actions run: the server goes after its time, they go on, the next one has it all', async () => {
  await using first = await startServer({ files: pack, config: '[actionrunner]\nexit_still_active_check = 0.5\n' });
  const go = join(first.home, 'go');
  const shell = await first.run('core.local', { cmd: `${printing(go)}; exit 7` });
  const script = await first.run('daytime.script', { go });
  const python = await first.run('daytime.python', { go });
  const ids = [shell, script, python];
  for (const id of ids)
    await until('its first line', async () => (await first.output(id)).startsWith('line 1\n'), 20_000);
  using before = await EventStream.open(`${first.url}/stream/v1/executions/${shell}/output`, {
    headers: { 'St2-Api-Key': first.apiKey },
  });
  await before.waitFor('three lines', ({ records }) => records.length >= 3);

  first.signal('SIGTERM');
  await until('it says that it waits', () => first.stdout.includes('waiting for 3 running'));
  const late = await first.run('core.local', { cmd: 'echo late' });
  expect(await within('the exit', 20_000, first.exited)).toEqual({ code: 0, signal: null });
  expect(first.stdout).toContain('3 running executions go on');
  expect(before.events('EOF')).toEqual([]);
  for (const id of ids) expect(processesOf(id)).not.toEqual([]);

  const second = await first.again();
  using after = await EventStream.open(`${second.url}/stream/v1/executions/${shell}/output`, {
    headers: { 'St2-Api-Key': second.apiKey, 'Last-Event-ID': before.lastId },
  });
  writeFileSync(go, '');
  expect(await second.finished(shell, 30_000)).toMatchObject({ status: 'failed', result: { return_code: 7 } });
  expect(await second.finished(script, 30_000)).toMatchObject({
    status: 'failed',
    result: { return_code: 5, stderr: 'done' },
  });
  expect(await second.finished(python, 30_000)).toMatchObject({
    status: 'succeeded',
    result: { exit_code: 0, result: { answer: 42 } },
  });
  for (const id of ids) {
    expect(await second.output(id, '?output_type=stdout')).toBe(lines);
    expect((await second.execution(id))['output'].lost_bytes).toBe(0);
    expect(processesOf(id)).toEqual([]);
  }
  expect(await within('EOF', 20_000, after.closed)).toBe('end');
  const records = [...before.records, ...after.records];
  expect(records.map(({ data }) => data).join('')).toBe(lines);
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, at) => at + 1));
  expect(await second.finished(late)).toMatchObject({ status: 'succeeded', result: { stdout: 'late' } });
}, 120_000);

test('without a wait the server goes at once', async () => {
  await using first = await startServer({ config: '[actionrunner]\ngraceful_shutdown = False\n' });
  const id = await first.run('core.local', { cmd: 'echo here; sleep 2; echo there' });
  await until('its first line', async () => (await first.output(id)) === 'here\n');
  first.signal('SIGTERM');
  expect(await within('the exit', 20_000, first.exited)).toEqual({ code: 0, signal: null });
  expect(first.stdout).not.toContain('waiting');
  const second = await first.again();
  expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: 'here\nthere' } });
});
