/** Prompts that are answered by a server that was started meanwhile, and programs that do not read. Takes some seconds. */
import { describe, expect, test } from 'vitest';
import { nameCommand, sendInput, untilPrinted } from '../support/prompt.ts';
import { processesOf } from '../support/server-process.ts';
import { startServer } from '../support/server.ts';

test('a program that does not read: refused after a while, with how much was taken; the server goes on meanwhile', async () => {
  await using server = await startServer();
  const id = await server.run('core.local', { cmd: 'sleep 600', interactive: true });
  await server.reached(id, 'running');
  const data = 'x'.repeat(64 * 1024);
  expect((await sendInput(server, id, { data })).status).toBe(200);
  const sending = sendInput(server, id, { data: 'more' });
  expect((await server.request('GET', '/api/v1/executions?limit=1')).status).toBe(200);
  expect(await sending).toMatchObject({
    status: 503,
    json: { faultstring: `the program of execution ${id} does not read its input` },
  });
  await server.request('DELETE', `/api/v1/executions/${id}`);
  await server.finished(id);
  expect(processesOf(id)).toEqual([]);
});

describe('a server that was killed and started again', () => {
  test.each(['interactive', 'tty'])('the prompt is answered by the next one (%s)', async (parameter) => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: `${nameCommand}; cat; exit 3`, [parameter]: true });
    await untilPrinted(first, id, 'name? ');
    await first.kill();
    const second = await first.again();
    expect((await sendInput(second, id, { data: 'ann\n' })).status).toBe(200);
    await untilPrinted(second, id, 'hi ann');
    expect((await sendInput(second, id, { eof: true })).status).toBe(200);
    expect(await second.finished(id)).toMatchObject({ status: 'failed', result: { return_code: 3 } });
    expect(processesOf(id)).toEqual([]);
  });
});
