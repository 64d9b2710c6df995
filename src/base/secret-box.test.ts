import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretBox } from './secret-box.ts';

const box = new SecretBox(Buffer.alloc(32, 1));

test('what was sealed is opened as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(box.open(JSON.parse(JSON.stringify(box.seal(value))))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a sealed value shows nothing of itself, and is another each time', () => {
  const [one, two] = [box.seal('Tr0ub4dor'), box.seal('Tr0ub4dor')];
  expect(Object.keys(one)).toEqual(['$sealed']);
  expect(one.$sealed).not.toBe(two.$sealed);
  expect(Buffer.from(one.$sealed, 'base64url').toString('latin1')).not.toContain('Tr0ub4dor');
});

test('undefined becomes null, as in JSON', () => {
  expect(box.open(box.seal(undefined))).toBeNull();
});

test('values that are not sealed come back as they are', () => {
  for (const value of ['x', 5, null, undefined, ['$sealed'], { a: 1 }, { $sealed: 5 }, { $sealed: 'x', and: 'more' }])
    expect(box.open(value)).toBe(value);
});

test('another key, or a damaged text, is a fault and shows nothing', () => {
  const sealed = box.seal('Tr0ub4dor');
  expect(() => new SecretBox(Buffer.alloc(32, 2)).open(sealed)).toThrow(
    expect.objectContaining({ code: 'store_failed' }),
  );
  const bytes = Buffer.from(sealed.$sealed, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect(() => box.open({ $sealed: damaged.toString('base64url') })).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    );
  }
  for (const text of ['', 'AAAA', sealed.$sealed.slice(0, 20)])
    expect(() => box.open({ $sealed: text })).toThrow(expect.objectContaining({ code: 'store_failed' }));
});

test('a tag that was cut short is no tag', () => {
  // Four bytes of a tag can be guessed; nothing shorter than the whole may be taken for one.
  const bytes = Buffer.from(box.seal('').$sealed, 'base64url');
  for (let length = 0; length < bytes.length; length++)
    expect(() => box.open({ $sealed: bytes.subarray(0, length).toString('base64url') })).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    );
});

test('a key of another length is refused with its length', () => {
  expect(() => new SecretBox(Buffer.alloc(31))).toThrow(
    expect.objectContaining({ code: 'home_unusable', message: expect.stringContaining('31 bytes') }),
  );
});
