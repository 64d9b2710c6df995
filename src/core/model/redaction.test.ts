import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BytePatterns } from './byte-patterns.ts';
import { type Redactor, redactorOf } from './redaction.ts';
import { formBytesMax, secretForms } from './secret-forms.ts';

function redactor(...values: string[]): Redactor {
  const found = redactorOf(values);
  if (!found) throw new Error('nothing to redact');
  return found;
}

const key = `-----BEGIN PRIVATE KEY-----\n${Array.from({ length: 20 }, (_, at) => Buffer.from(`line ${at} of a key that nobody may see`).toString('base64')).join('\n')}\n-----END PRIVATE KEY-----\n`;

describe('what is hidden', () => {
  test.each([
    ['as it is', 'hunter2', 'password: hunter2!', 'password: ********!'],
    ['twice in a row', 'hunter2', 'hunter2hunter2', '****************'],
    ['in base64', 'hunter2!', `x ${Buffer.from('hunter2!').toString('base64')} y`, 'x ******** y'],
    ['in base64 without padding', 'hunter2!', 'aHVudGVyMiE ', '******** '],
    [
      'in base64 for URLs',
      '??>>~~??',
      Buffer.from('??>>~~??').toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
      '********',
    ],
    ['in a URL', "p@ss w/o'rd", 'GET /?p=p%40ss%20w%2Fo%27rd&x=1', 'GET /?p=********&x=1'],
    ['in a URL of Python', "p@ss w/o'rd", 'p%40ss+w/o%27rd', '********'],
    ['in a URL with small letters', "p@ss w/o'rd", 'p%40ss+w%2fo%27rd', '********'],
    ['in JSON', 'a"b\\c\nd', JSON.stringify({ p: 'a"b\\c\nd' }), '{"p":"********"}'],
    ['in JSON of ASCII', 'pässwörd', String.raw`"p\u00e4ssw\u00f6rd"`, '"********"'],
    ['in JSON of Go', 'a<b>&c', String.raw`"a\u003cb\u003e\u0026c"`, '"********"'],
    ['in JSON in JSON', 'a"bcd', JSON.stringify(JSON.stringify('a"bcd')), String.raw`"\"********\""`],
    ['quoted by shlex', "it's me", `echo 'it'"'"'s me'`, `echo '********'`],
    ['quoted by set -x', "it's me", String.raw`+ echo 'it'\''s me'`, "+ echo '********'"],
    ['with backslashes', "it's me", String.raw`it\'s\ me`, '********'],
    ['in $-quotes', "it's\nme", String.raw`$'it\'s\nme'`, "$'********'"],
    ['without the line end it was read with', 'from a file\n', 'x from a file y', 'x ******** y'],
    ['with the line ends of a terminal', 'one\ntwo', 'one\r\ntwo\r\n', '********\r\n'],
    ['the longest where several begin', 'pass,passport', 'passport', '********'],
  ])('%s', (_name, secrets, text, expected) => {
    expect(redactor(...secrets.split(',')).redactText(text)).toBe(expected);
  });

  test('within longer text in base64, all but the edges', () => {
    const secret = 'correct horse battery';
    for (const before of ['', 'u', 'us', 'user:']) {
      for (const after of ['', '\n', 'xy']) {
        const encoded = Buffer.from(`${before}${secret}${after}`).toString('base64');
        const shown = redactor(secret).redactText(`Basic ${encoded}`);
        expect(shown).toContain('********');
        // What is left are the characters around it, and at most one on each side that has bits of both.
        expect(shown.replace('********', '').length - 'Basic '.length).toBeLessThanOrEqual(
          Math.ceil((before.length * 4) / 3) + Math.ceil((after.length * 4) / 3) + 4,
        );
      }
    }
  });

  test('the lines of a key, however it is indented, and its base64 in lines', () => {
    const shown = (text: string) => redactor(key).redactText(text);
    const indented = key.replaceAll('\n', '\n    ');
    const secretLines = key.trim().split('\n');
    for (const text of [key, indented, key.replaceAll('\n', '\r\n'), JSON.stringify(key)])
      for (const line of secretLines) expect(shown(text)).not.toContain(line);
    const wrapped =
      Buffer.from(key)
        .toString('base64')
        .match(/.{1,76}/g) ?? [];
    for (const line of wrapped) if (line.length >= 8) expect(shown(wrapped.join('\n'))).not.toContain(line);
  });

  test('a secret too long to wait for is hidden all the same', () => {
    const long = Array.from({ length: 3_000 }, (_, at) => `word${at} `).join('');
    expect(Math.max(...secretForms([long]).map(({ length }) => length))).toBeLessThanOrEqual(formBytesMax);
    expect(redactor(long).redactText(`<${long}>`)).toMatch(/^<\*+ ?>$/);
  });

  test('where two overlap, nothing of either is left', () => {
    expect(redactor('abcdef', 'efghij').redactText('-abcdefghij-')).toBe('-********-');
  });

  test('not what is too short or too common to be a secret', () => {
    for (const value of ['', 'a', 'ab', 'true', 'False', 'null', 'None']) expect(redactorOf([value])).toBeUndefined();
    expect(redactor('ab', 'true', 'abc').redactText('ab true abc')).toBe('ab true ********');
  });

  test('values, numbers and keys inside JSON; what holds nothing is the same value', () => {
    const hide = redactor('hunter2', '12345');
    const plain = { a: [1, { b: null, c: true }], d: 'x' };
    expect(hide.redactValue(plain)).toBe(plain);
    expect(hide.redactValue({ a: ['xhunter2', 12345, 1.5], hunter2: { b: 'hunter2' } })).toEqual({
      a: ['x********', '********', 1.5],
      '********': { b: '********' },
    });
    expect(hide.redactValue('__proto__')).toBe('__proto__');
  });

  test('bytes without a secret are the very same bytes', () => {
    const bytes = Buffer.from('nothing here\n'.repeat(1_000));
    expect(redactor('hunter2').redact(bytes)).toBe(bytes);
  });

  test('half of a secret at the very end, where nothing will follow, and not less', () => {
    const hide = redactor('0123456789abcdef');
    const shown = (text: string) => hide.redactInterrupted(Buffer.from(text)).toString();
    expect(shown('x 01234567')).toBe('x ********');
    expect(shown('x 0123456')).toBe('x 0123456');
    expect(shown('x 0123456789abcdef 0123456789')).toBe('x ******** ********');
    expect(hide.redact(Buffer.from('x 0123456789')).toString()).toBe('x 0123456789');
  });
});

/** A small alphabet, so that secrets overlap, repeat, contain and follow each other. */
const tightText = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', 'é'), maxLength: 60 });
const tightSecret = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n', 'é'), minLength: 3, maxLength: 12 });

describe('pieces', () => {
  test('however it is read, the pieces redacted one by one are the whole redacted', () => {
    fc.assert(
      fc.property(
        fc.array(tightSecret, { minLength: 1, maxLength: 4 }),
        tightText,
        fc.array(fc.nat(8), { maxLength: 30 }),
        (secrets, text, reads) => {
          const hide = redactorOf(secrets);
          if (!hide) return;
          const bytes = Buffer.from(text);
          const shown: Buffer[] = [];
          let start = 0;
          let end = 0;
          for (const length of [...reads, bytes.length]) {
            end = Math.min(bytes.length, end + length);
            const found = bytes.subarray(start, end);
            const cut = hide.cut(found, found.length);
            expect(cut).toBeLessThanOrEqual(found.length);
            shown.push(hide.redact(found.subarray(0, cut)));
            start += cut;
          }
          shown.push(hide.redact(bytes.subarray(start)));
          expect(Buffer.concat(shown).toString()).toBe(hide.redact(bytes).toString());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('a cut is only ever before a place, never within or after it', () => {
    const hide = redactor('abcd\nefgh', 'h\nij');
    const bytes = Buffer.from('x\nabcd\nefgh\nij\nklm\n');
    for (let at = 0; at <= bytes.length; at++) {
      const cut = hide.cut(bytes, at);
      expect(cut).toBe(at > 2 && at < 14 ? 2 : at);
    }
    expect(hide.cut(Buffer.from('some text ab'), 12)).toBe(10);
    expect(hide.cut(Buffer.from('ab'), 2)).toBe(0);
  });
});

test('places of patterns are those that a plain search finds', () => {
  const pattern = fc.uint8Array({ minLength: 3, maxLength: 20, max: 3 });
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 6 }),
      fc.uint8Array({ maxLength: 200, max: 3 }),
      (all, bytes) => {
        const covered = new Uint8Array(bytes.length + 1);
        for (const one of all)
          for (let at = Buffer.from(bytes).indexOf(one); at !== -1; at = Buffer.from(bytes).indexOf(one, at + 1))
            covered.fill(1, at, at + one.length);
        const found = new Uint8Array(bytes.length + 1);
        let before = 0;
        new BytePatterns(all).eachPlace(bytes, 0, (start, end) => {
          expect(start).toBeGreaterThanOrEqual(before);
          before = end;
          found.fill(1, start, end);
          return true;
        });
        expect(found).toEqual(covered);
      },
    ),
    { numRuns: 1_000 },
  );
});
