/** What every OutputStore promises of secrets: whatever is printed, and however, they do not leave the store. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeardOutput, readAll, textOf } from '../../test/support/output-log.ts';
import { sampleId } from '../../test/support/sample-execution.ts';
import { ManualClock, systemClock } from '../base/clock.ts';
import type { OutputType } from '../core/model/output-record.ts';
import { denseAboveLines, pieceBytesMax } from '../core/model/output-segment.ts';
import { redactorOf } from '../core/model/redaction.ts';
import { appendByShell, type OpenEmptyOutputStore } from './output-store.contract.ts';
import type { OutputStore } from './output-store.ts';

const secret = 'hunter2-and-more';
const mask = '********';

async function rawOf(store: OutputStore, id: string, type: OutputType, bytesMax = 1_000_000): Promise<string> {
  const parts: Buffer[] = [];
  for (let start = 0; ; ) {
    const part = await store.raw(id, type, { start, bytesMax });
    if (!part || part.length === 0) return Buffer.concat(parts).toString();
    expect(part.length).toBeLessThanOrEqual(bytesMax);
    parts.push(part);
    start += part.length;
  }
}

export function outputRedactionContract(name: string, open: OpenEmptyOutputStore): void {
  describe(`${name} hides secrets`, () => {
    test('in what is heard, read, fetched raw and kept for the result; totals are of what is shown', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard, { secrets: [secret] });
      writer.write('stdout', Buffer.from(`password: ${secret}!\n${Buffer.from(secret).toString('base64')}\n`));
      writer.write('stderr', Buffer.from(`+ curl -u me:${secret} ${encodeURIComponent(secret)}\nend`));
      writer.flush();
      const shown = { stdout: `password: ${mask}!\n${mask}\n`, stderr: `+ curl -u me:${mask} ${mask}\nend` };
      for (const type of ['stdout', 'stderr'] as const)
        expect(await writer.kept(type, 1_000)).toEqual({ text: shown[type], cutBytes: 0 });
      const summary = await writer.seal();
      expect(summary).toEqual({
        records: 4,
        lines: 3,
        bytes: shown.stdout.length + shown.stderr.length,
        lost_bytes: 0,
      });
      expect(await opened.store.summary(id)).toEqual(summary);
      const all = await readAll(opened.store, id);
      expect(all).toEqual(heard.records);
      for (const type of ['stdout', 'stderr'] as const) {
        expect(textOf(all, type)).toBe(shown[type]);
        expect(await rawOf(opened.store, id, type)).toBe(shown[type]);
      }
    });

    test('wherever it is cut, with any pause, between processes and hosts', async () => {
      const text = Buffer.from(`before ${secret} after\n`);
      for (const host of [undefined, 'web1'])
        for (const waitMs of [0, 150])
          for (let cut = 0; cut <= text.length; cut++) {
            const clock = new ManualClock();
            await using opened = await open(clock);
            const id = sampleId();
            const heard = new HeardOutput();
            await using writer = await opened.store.open(id, heard, { secrets: [secret] });
            writer.write('stdout', text.subarray(0, cut), host);
            clock.advance(waitMs);
            writer.write('stdout', text.subarray(cut), host);
            await writer.seal();
            expect(heard.text).toBe(`before ${mask} after\n`);
            expect(textOf(await readAll(opened.store, id))).toBe(heard.text);
          }
    });

    test('of a process that prints it byte by byte', async () => {
      await using opened = await open(systemClock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard, { secrets: [secret] });
      const script = [...secret].map((character) => `printf %s '${character}'; sleep 0.03`).join('; ');
      await appendByShell(writer, `exec >>stdout; ${script}; echo; echo done`);
      await heard.until(({ text }) => text.includes('done'));
      expect(heard.text).toBe(`${mask}\ndone\n`);
    });

    test('a prompt is shown after 100 ms, but for what may be the beginning of a secret', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard, { secrets: [secret] });
      writer.write('stdout', Buffer.from('Press h'));
      clock.advance(100);
      expect(heard.text).toBe('Press ');
      writer.write('stdout', Buffer.from('ere: '));
      clock.advance(100);
      expect(heard.text).toBe('Press here: ');
    });

    test('a prompt does not wait for what may be the first letters of a secret that is printed at once', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      const token = `st.${'0123456789abcdef'.repeat(4)}`;
      const wish = { secrets: [secret, token], printedAtOnce: [token] };
      await using writer = await opened.store.open(sampleId(), heard, wish);
      writer.write('stdout', Buffer.from('Your tokens'));
      clock.advance(100);
      expect(heard.text).toBe('Your tokens');
      // A longer beginning waits, and so does every beginning of another secret.
      writer.write('stdout', Buffer.from(` ${token.slice(0, 8)}`));
      clock.advance(100);
      expect(heard.text).toBe('Your tokens ');
      writer.write('stdout', Buffer.from(`${token.slice(8)} h`));
      clock.advance(100);
      expect(heard.text).toBe(`Your tokens ${mask} `);
    });

    test('at the end everything is shown, but for a secret that broke off halfway or later', async () => {
      for (const [printed, shown] of [
        ['ends with h', 'ends with h'],
        [`ends with ${secret.slice(0, 7)}`, `ends with ${secret.slice(0, 7)}`],
        [`ends with ${secret.slice(0, 8)}`, `ends with ${mask}`],
        [`line\n${secret.slice(0, 12)}`, `line\n${mask}`],
      ] as const) {
        await using opened = await open(new ManualClock());
        const id = sampleId();
        const heard = new HeardOutput();
        await using writer = await opened.store.open(id, heard, { secrets: [secret] });
        writer.write('stdout', Buffer.from(printed));
        await writer.seal();
        expect(heard.text).toBe(shown);
        expect(textOf(await readAll(opened.store, id))).toBe(shown);
        expect(await rawOf(opened.store, id, 'stdout')).toBe(shown);
        expect((await writer.kept('stdout', 1_000)).text).toBe(shown);
      }
    });

    test('of several lines, whole and line by line', async () => {
      const key = `-----BEGIN KEY-----\n${'abcdefgh01234567\n'.repeat(3)}-----END KEY-----\n`;
      const clock = new ManualClock();
      await using opened = await open(clock);
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard, { secrets: [key] });
      for (const line of key.split('\n')) {
        writer.write('stdout', Buffer.from(`${line}\n`));
        clock.advance(200);
      }
      for (const line of key.split('\n')) writer.write('stderr', Buffer.from(`    ${line}\r\n`));
      await writer.seal();
      expect(heard.text).not.toMatch(/KEY|abcdefgh/);
      const all = await readAll(opened.store, id);
      expect(all).toEqual(heard.records);
      expect(textOf(all, 'stderr')).toMatch(/^( {4}\*{8}\r\n){5} {4}\r\n$/);
    });

    test('of a file that is emptied while a secret is half printed, or that is overwritten with one', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard, { secrets: [secret] });
      await appendByShell(writer, `printf 'first line\\nsecond ${secret.slice(0, 12)}' >>stdout`);
      clock.advance(1_000);
      await appendByShell(writer, `printf 'x ${secret}\\nanew\\n' >stdout`);
      clock.advance(1_000);
      await appendByShell(writer, `printf '0123456789 0123456789 0123456789\\nlast\\n' >>stderr`);
      clock.advance(1_000);
      await appendByShell(writer, `printf 'z ${secret}\\n' | dd of=stderr conv=notrunc 2>&-`);
      clock.advance(1_000);
      await writer.seal();
      expect(heard.text).toContain('anew');
      expect(heard.text).toContain(`x ${mask}\n`);
      for (const text of [
        heard.text,
        textOf(await readAll(opened.store, id)),
        await rawOf(opened.store, id, 'stdout'),
        await rawOf(opened.store, id, 'stderr'),
        (await writer.kept('stdout', 1_000)).text,
        (await writer.kept('stderr', 1_000)).text,
      ])
        expect(text).not.toMatch(/hunter2|and-more/);
    });

    test('of text that never ends in anything else', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard, { secrets: ['aaaa'] });
      const all = 'a'.repeat(20 * pieceBytesMax);
      writer.write('stdout', Buffer.from(all));
      writer.write('stderr', Buffer.from(all), 'web1');
      await writer.seal();
      expect(heard.text).toMatch(/^\*+$/);
      expect(textOf(await readAll(opened.store, id))).toBe(heard.text);
    });

    test('raw output is read from any place to any other, by many in turn', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput(), { secrets: [secret, 'another-one'] });
      let whole = '';
      for (let line = 0; line < 60; line++) {
        writer.write('stdout', Buffer.from(`${line} ${secret} ${'x'.repeat(line)}another-one\n`));
        writer.write('stderr', Buffer.from('other\n'));
        whole += `${line} ${mask} ${'x'.repeat(line)}${mask}\n`;
      }
      for (const bytesMax of [7, 64, 10_000]) expect(await rawOf(opened.store, id, 'stdout', bytesMax)).toBe(whole);
      for (const start of [1_000, 3, 1_000, 500, 0, whole.length - 1, whole.length, whole.length + 5])
        for (const bytesMax of [1, 100]) {
          const part = await opened.store.raw(id, 'stdout', { start, bytesMax });
          expect(part?.toString()).toBe(whole.slice(start, start + bytesMax));
        }
      expect(await opened.store.raw(id, 'output', { start: 0, bytesMax: 10 })).toBeUndefined();
    });

    test('of long output, head and tail are kept, hidden as well', async () => {
      await using opened = await open(new ManualClock());
      await using writer = await opened.store.open(sampleId(), new HeardOutput(), { secrets: [secret] });
      const line = `line with ${secret} in it\n`;
      writer.write('stdout', Buffer.from(line.repeat(30_000)));
      writer.flush();
      const { text, cutBytes } = await writer.kept('stdout', 1_000);
      const size = 30_000 * (line.length - secret.length + mask.length);
      expect(text).not.toContain('hunter2');
      expect(text).toContain(`[${cutBytes} of ${size} bytes cut out here;`);
      expect(text.length).toBeLessThan(1_100);
    });

    test('after a restart a log keeps to the secrets it was begun with, so that what was seen stays as it is', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      {
        await using writer = await opened.store.open(id, new HeardOutput(), { secrets: [secret] });
        writer.write('stdout', Buffer.from(`one ${secret}\ntwo other-secret\nun${secret.slice(0, 5)}`));
      }
      const heard = new HeardOutput();
      {
        await using writer = await opened.store.open(id, heard, { secrets: ['other-secret'] });
        writer.write('stdout', Buffer.from(`${secret.slice(5)}\nthree ${secret} other-secret\n`));
        await writer.seal();
      }
      const all = await readAll(opened.store, id);
      expect(textOf(all)).toBe(`one ${mask}\ntwo other-secret\nun${mask}\nthree ${mask} other-secret\n`);
      expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    });

    test('whatever is printed in whatever pieces, everybody gets the whole, redacted', async () => {
      const secrets = ['abca', 'cab\nca', 'aab', 'ébcé'];
      const hide = redactorOf(secrets);
      const bits = fc.constantFrom('a', 'b', 'c', '\n', 'é', 'abca', 'cab\nca', 'x\r', 'y'.repeat(300));
      const write = fc.record({
        type: fc.constantFrom('stdout' as const, 'stderr' as const),
        text: fc.array(bits, { maxLength: 12 }).map((parts) => parts.join('')),
        times: fc.constantFrom(1, 1, 1, 500, denseAboveLines),
        cut: fc.nat(30),
        waitMs: fc.constantFrom(0, 0, 50, 150),
        isReopened: fc.constantFrom(false, false, false, true),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 10 }), fc.boolean(), async (writes, isOfHosts) => {
          const clock = new ManualClock();
          await using opened = await open(clock);
          const id = sampleId();
          const heard = new HeardOutput();
          const printed = new Map<OutputType, Buffer[]>();
          let writer = await opened.store.open(id, heard, { secrets });
          for (const { type, text, times, cut, waitMs, isReopened } of writes) {
            if (isReopened && !isOfHosts) {
              await writer[Symbol.asyncDispose]();
              writer = await opened.store.open(id, heard, { secrets });
            }
            const bytes = Buffer.from(text.repeat(times));
            for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
              writer.write(type, part, isOfHosts ? 'web1' : undefined);
              clock.advance(waitMs);
            }
            printed.set(type, [...(printed.get(type) ?? []), bytes]);
          }
          const summary = await writer.seal();
          const all = await readAll(opened.store, id);
          expect(all).toEqual(heard.records);
          expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
          let bytesShown = 0;
          for (const [type, parts] of printed) {
            const shown = hide?.redactInterrupted(Buffer.concat(parts)) ?? Buffer.alloc(0);
            bytesShown += shown.length;
            expect(textOf(all, type) === shown.toString(), type).toBe(true);
            expect((await rawOf(opened.store, id, type, 1_000_000)) === shown.toString()).toBe(true);
            expect((await writer.kept(type, 10_000_000)).text === shown.toString()).toBe(true);
          }
          expect(summary).toMatchObject({ bytes: bytesShown, records: all.length, lost_bytes: 0 });
          await writer[Symbol.asyncDispose]();
        }),
        { numRuns: 25 },
      );
    });
  });
}
