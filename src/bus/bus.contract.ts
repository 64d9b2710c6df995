/** What every Bus promises, as tests: an adapter's own test file calls this with a way to open itself. */
import { describe, expect, test } from 'vitest';
import type { Log } from '../base/log.ts';
import { silentLog } from '../base/log.ts';
import type { Bus } from './bus.ts';

export type OpenBus = (log: Log) => Promise<Bus>;

/** Waits until everything published before has been delivered: a message on a subject of its own comes last. */
async function delivered(bus: Bus): Promise<void> {
  const key = `end of ${Math.random()}`;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('nothing was delivered within 5 s')), 5_000);
    const subscription = bus.subscribe(
      'execution.cancel',
      () => {
        clearTimeout(timer);
        subscription[Symbol.dispose]();
        resolve();
      },
      key,
    );
    bus.publish('execution.cancel', { id: key }, key);
  });
}

export function busContract(name: string, open: OpenBus): void {
  describe(`${name} keeps the bus's promises`, () => {
    test('messages of a subject arrive in the order of publishing, after publish() has returned', async () => {
      await using bus = await open(silentLog);
      const heard: string[] = [];
      using _ = bus.subscribe('execution.requested', ({ id }) => void heard.push(id));
      const sent = Array.from({ length: 1_000 }, (_unused, at) => String(at));
      for (const id of sent) bus.publish('execution.requested', { id });
      expect(heard).toEqual([]);
      await delivered(bus);
      expect(heard).toEqual(sent);
    });

    test('everybody who listens hears a message, once', async () => {
      await using bus = await open(silentLog);
      const heard: string[] = [];
      using _one = bus.subscribe('execution.requested', ({ id }) => void heard.push(`one ${id}`));
      using _two = bus.subscribe('execution.requested', ({ id }) => void heard.push(`two ${id}`));
      bus.publish('execution.requested', { id: 'a' });
      await delivered(bus);
      expect(heard.sort()).toEqual(['one a', 'two a']);
    });

    test('subjects are apart', async () => {
      await using bus = await open(silentLog);
      const heard: string[] = [];
      using _ = bus.subscribe('execution.requested', ({ id }) => void heard.push(id));
      bus.publish('content.changed', { packs: ['demo'] });
      bus.publish('execution.requested', { id: 'a' });
      await delivered(bus);
      expect(heard).toEqual(['a']);
    });

    test('who asks for a key hears that key alone; who asks for none hears all', async () => {
      await using bus = await open(silentLog);
      const all: string[] = [];
      const a: string[] = [];
      using _all = bus.subscribe('execution.cancel', ({ id }) => void all.push(id));
      using _a = bus.subscribe('execution.cancel', ({ id }) => void a.push(id), 'a');
      bus.publish('execution.cancel', { id: '1' }, 'a');
      bus.publish('execution.cancel', { id: '2' }, 'b');
      bus.publish('execution.cancel', { id: '3' });
      bus.publish('execution.cancel', { id: '4' }, 'a b');
      bus.publish('content.changed', { packs: [] }, 'a');
      bus.publish('execution.cancel', { id: '5' }, 'a');
      await delivered(bus);
      expect(all.filter((id) => id.length === 1)).toEqual(['1', '2', '3', '4', '5']);
      expect(a).toEqual(['1', '5']);
    });

    test('messages arrive whole', async () => {
      await using bus = await open(silentLog);
      const heard: unknown[] = [];
      using _ = bus.subscribe('announcement', (message) => void heard.push(message));
      const message = { route: 'chat.ops', payload: { text: 'grün "✓"\n', n: [1, null] }, trace_context: null };
      bus.publish('announcement', message, 'chat.ops');
      await delivered(bus);
      expect(heard).toEqual([message]);
    });

    test('a listener that throws is reported and keeps nobody from hearing, itself neither', async () => {
      const reported: string[] = [];
      const log: Log = {
        ...silentLog,
        error: (fields, message) => void reported.push(`${fields['error']}: ${message}`),
      };
      await using bus = await open(log);
      const heard: string[] = [];
      using _bad = bus.subscribe('execution.requested', ({ id }) => {
        heard.push(`bad ${id}`);
        throw new Error(`refused ${id}`);
      });
      using _good = bus.subscribe('execution.requested', ({ id }) => void heard.push(`good ${id}`));
      bus.publish('execution.requested', { id: '1' });
      bus.publish('execution.requested', { id: '2' });
      await delivered(bus);
      expect(heard.sort()).toEqual(['bad 1', 'bad 2', 'good 1', 'good 2']);
      expect(reported).toHaveLength(2);
      expect(reported[0]).toContain('refused 1');
    });

    test('who has stopped listening hears nothing more, of messages under way neither', async () => {
      await using bus = await open(silentLog);
      const heard: string[] = [];
      const subscriptions: Disposable[] = [];
      let isOver = false;
      // Whoever hears first ends both: the other must not hear even the same message.
      for (const name of ['one', 'two']) {
        subscriptions.push(
          bus.subscribe('execution.requested', ({ id }) => {
            heard.push(`${name} ${id}${isOver ? ' after the end' : ''}`);
            for (const subscription of subscriptions) subscription[Symbol.dispose]();
            isOver = true;
          }),
        );
      }
      const third = bus.subscribe('execution.requested', ({ id }) => void heard.push(`three ${id}`));
      bus.publish('execution.requested', { id: '1' });
      bus.publish('execution.requested', { id: '2' });
      third[Symbol.dispose]();
      third[Symbol.dispose]();
      await delivered(bus);
      expect(heard).toHaveLength(1);
      expect(heard[0]).toMatch(/^(one|two) 1$/);
    });

    test('a listener may publish and subscribe', async () => {
      await using bus = await open(silentLog);
      const heard: string[] = [];
      using _ = bus.subscribe('execution.requested', ({ id }) => {
        heard.push(id);
        if (heard.length < 5) bus.publish('execution.requested', { id: `${id}+` });
      });
      bus.publish('execution.requested', { id: 'a' });
      for (let round = 0; round < 5; round++) await delivered(bus);
      expect(heard).toEqual(['a', 'a+', 'a++', 'a+++', 'a++++']);
    });

    test('whether anybody listens is known, by key and for all', async () => {
      await using bus = await open(silentLog);
      expect(bus.hasListeners('output.appended', 'a')).toBe(false);
      const a = bus.subscribe('output.appended', () => {}, 'a');
      const alsoA = bus.subscribe('output.appended', () => {}, 'a');
      expect(bus.hasListeners('output.appended', 'a')).toBe(true);
      expect(bus.hasListeners('output.appended', 'b')).toBe(false);
      expect(bus.hasListeners('output.appended')).toBe(false);
      expect(bus.hasListeners('execution.changed', 'a')).toBe(false);
      a[Symbol.dispose]();
      a[Symbol.dispose]();
      expect(bus.hasListeners('output.appended', 'a')).toBe(true);
      alsoA[Symbol.dispose]();
      expect(bus.hasListeners('output.appended', 'a')).toBe(false);
      const all = bus.subscribe('output.appended', () => {});
      expect(bus.hasListeners('output.appended', 'b')).toBe(true);
      all[Symbol.dispose]();
      expect(bus.hasListeners('output.appended', 'b')).toBe(false);
    });

    test('after it is closed nothing is delivered and nobody listens; closing twice is closing once', async () => {
      const bus = await open(silentLog);
      const heard: string[] = [];
      bus.subscribe('execution.requested', ({ id }) => void heard.push(id));
      bus.publish('execution.requested', { id: 'a' });
      await Promise.all([bus[Symbol.asyncDispose](), bus[Symbol.asyncDispose]()]);
      bus.publish('execution.requested', { id: 'b' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(heard).toEqual([]);
      expect(bus.hasListeners('execution.requested')).toBe(false);
    });
  });
}
