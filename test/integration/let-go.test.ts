/** What a server that goes leaves to the next one: output cut anywhere, even within a character. */
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('half a character at the stop of a server is a whole one after the next start', async () => {
  await using directory = await temporaryDirectory();
  const go = join(directory.path, 'go');
  await using first = await startServer();
  const half = String.raw`printf 'one\n\342'; while [ ! -e ${go} ]; do sleep 0.05; done; printf '\234\223 done\n'`;
  const id = await first.run('core.local', { cmd: half });
  const printed = async () => (await first.request('GET', `/api/v1/executions/${id}/output`)).text;
  let before = '';
  await until('its first line', async () => {
    before = await printed();
    return before.includes('one\n');
  });
  first.signal('SIGTERM');
  await until('it waits', () => first.stdout.includes('stopping'));
  first.signal('SIGTERM');
  await first.exited;
  const second = await first.again();
  writeFileSync(go, '');
  expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: 'one\n✓ done' } });
  expect((await second.request('GET', `/api/v1/executions/${id}/output`)).text).toBe('one\n✓ done\n');
});
