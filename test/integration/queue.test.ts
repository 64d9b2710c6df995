/** Who waits for a slot goes first, however many come that could begin at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';

test('with one slot, executions run one at a time and in the order of their requests', async () => {
  await using server = await startServer({ config: '[actionrunner]\nactions_pool_size = 1\n' });
  const log = join(server.home, 'order');
  const ids: string[] = [];
  for (let at = 0; at < 12; at++) {
    ids.push(
      await server.run('core.local', { cmd: `echo +${at} >> ${log}; sleep 0.0${at % 3}; echo -${at} >> ${log}` }),
    );
    // Some come while another runs, some when the slot is free again.
    if (at % 4 === 3) await server.finished(ids.at(-1) ?? '');
  }
  for (const id of ids) expect(await server.finished(id)).toMatchObject({ status: 'succeeded' });
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines).toEqual(ids.flatMap((_, at) => [`+${at}`, `-${at}`]));
});

test('what begins at once shows the same steps as what waited', async () => {
  await using server = await startServer({ config: '[actionrunner]\nactions_pool_size = 1\n' });
  const first = await server.run('core.local', { cmd: 'sleep 0.5' });
  const second = await server.run('core.local', { cmd: 'true' });
  await until('the second one waits', async () => (await server.execution(second))['status'] === 'requested');
  const steps = async (id: string) => {
    const { log, context, runner } = await server.finished(id);
    expect(runner['name']).toBe('local-shell-cmd');
    expect(context['user']).toBe('st2admin');
    return log.map((entry: { status: string }) => entry.status);
  };
  expect(await steps(first)).toEqual(['requested', 'scheduled', 'running', 'succeeded']);
  expect(await steps(second)).toEqual(['requested', 'scheduled', 'running', 'succeeded']);
});
