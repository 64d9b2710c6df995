/** Somebody sets the clock of the machine, by hours, while actions run: nothing ends early, nothing waits for ever. */
import { describe, expect, test } from 'vitest';
import { processesOf } from '../support/server-process.ts';
import { type Json, startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { SettableClock } from '../support/settable-clock.ts';
import { EventStream } from '../support/sse.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe.concurrent.each([
  ['forward', 5],
  ['back', -5],
])('the clock is set %s by five hours', (_, hours) => {
  test('while actions run: timeouts come when they should, no earlier and no later', async () => {
    await using directory = await temporaryDirectory();
    const clock = new SettableClock(directory.path);
    await using server = await startServer({ env: clock.env });
    const startedMs = performance.now();
    const short = await server.run('core.local', { cmd: 'echo here; sleep 600', timeout: 3 });
    const long = await server.run('core.local', { cmd: 'echo here; sleep 4; echo there', timeout: 600 });
    await until('both run', async () => (await server.output(short)) + (await server.output(long)) === 'here\nhere\n');
    await clock.setNow(server, hours);

    const timedOut = await server.finished(short, 20_000);
    expect(timedOut).toMatchObject({ status: 'timeout', result: { stdout: 'here' } });
    expect(performance.now() - startedMs).toBeGreaterThan(2_900);
    expect(await server.finished(long, 20_000)).toMatchObject({
      status: 'succeeded',
      result: { stdout: 'here\nthere' },
    });
    for (const id of [short, long]) expectNoNegativeTime(await server.execution(id));
    // What is asked for from now on knows nothing of it.
    const later = await server.finished(await server.run('core.local', { cmd: 'echo fine' }));
    expect(later).toMatchObject({ status: 'succeeded' });
    expect(later['elapsed_seconds']).toBeLessThan(600);
  }, 60_000);

  test('while an execution is followed: signs of life and unfinished lines go on coming', async () => {
    await using directory = await temporaryDirectory();
    const clock = new SettableClock(directory.path);
    await using server = await startServer({ env: clock.env, config: '[stream]\nheartbeat = 0.3\n' });
    // Ends in what no secret of the execution begins with, in any form: that would wait for what follows.
    const cmd = 'printf "one: "; while [ ! -e go ]; do sleep 0.05; done; printf "two: "; sleep 600';
    const id = await server.run('core.local', { cmd, cwd: directory.path });
    using stream = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output`, {
      headers: { 'St2-Api-Key': server.apiKey },
    });
    const text = () => stream.records.map(({ data }) => data).join('');
    await stream.waitFor('the first piece', () => text() === 'one: ');
    await clock.setNow(server, hours);
    const { heartbeats } = stream;
    await stream.waitFor('signs of life', () => stream.heartbeats >= heartbeats + 3, 10_000);
    await server.run('core.local', { cmd: 'touch go', cwd: directory.path });
    await stream.waitFor('the second piece', () => text() === 'one: two: ', 10_000);
    await server.request('DELETE', `/api/v1/executions/${id}`);
    expect(await within('EOF', 20_000, stream.closed)).toBe('end');
  }, 60_000);

  test('between two starts: what an earlier server started keeps the time it was given', async () => {
    await using directory = await temporaryDirectory();
    const clock = new SettableClock(directory.path);
    await using first = await startServer({ env: clock.env });
    const startedMs = performance.now();
    const short = await first.run('core.local', { cmd: 'echo here; sleep 600', timeout: 4 });
    const long = await first.run('core.local', { cmd: 'echo here; sleep 5; echo there', timeout: 600 });
    await until('both run', async () => (await first.output(short)) + (await first.output(long)) === 'here\nhere\n');
    await first.kill();
    clock.set(hours);
    const second = await first.again();
    expect(await second.finished(short, 20_000)).toMatchObject({ status: 'timeout', result: { stdout: 'here' } });
    // By the kernel's hundredths of a second.
    expect(performance.now() - startedMs).toBeGreaterThan(3_900);
    expect(await second.finished(long, 20_000)).toMatchObject({
      status: 'succeeded',
      result: { stdout: 'here\nthere' },
    });
    expectNoNegativeTime(await second.execution(long));
    expect(processesOf(short)).toEqual([]);
  }, 60_000);

  test('while many wait: the bound on them is still counted anew', async () => {
    await using directory = await temporaryDirectory();
    const clock = new SettableClock(directory.path);
    const config = '[actionrunner]\nactions_pool_size = 1\n[stormtail]\nqueue_max = 3\n';
    await using server = await startServer({ env: clock.env, config });
    const ask = () =>
      server.request('POST', '/api/v1/executions', { action: 'core.local', parameters: { cmd: 'true' } });
    await clock.setNow(server, hours);
    for (let asked = 0; asked < 12; ) if ((await ask()).status === 201) asked += 1;
    await until('a request is taken again', async () => (await ask()).status === 201);
  }, 60_000);
});

/** A duration of 0 is left out, as StackStorm does. */
function expectNoNegativeTime(execution: Json): void {
  expect(execution['elapsed_seconds'] ?? 0).toBeGreaterThanOrEqual(0);
  expect(Date.parse(execution['end_timestamp'])).toBeGreaterThanOrEqual(Date.parse(execution['start_timestamp']));
}
