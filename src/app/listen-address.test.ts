import { describe, expect, it } from 'vitest';
import { formatListenAddress, isLoopback, parseListenAddress } from './listen-address.ts';

describe('parseListenAddress()', () => {
  it.each([
    ['127.0.0.1:9101', '127.0.0.1', 9101],
    ['[::1]:80', '::1', 80],
    ['example.org:0', 'example.org', 0],
    [':9101', '0.0.0.0', 9101],
    ['9101', '127.0.0.1', 9101],
  ])('reads %s', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
  });

  it.each(['', 'host', 'host:', '::1:80', '127.0.0.1:65536', 'http://127.0.0.1:9101', 'a b:1'])(
    'refuses %j',
    (text) => {
      expect(parseListenAddress(text)).toBeUndefined();
    },
  );

  it('writes what it reads', () => {
    for (const text of ['127.0.0.1:9101', '[::1]:80']) {
      const address = parseListenAddress(text);
      expect(address && formatListenAddress(address)).toBe(text);
    }
  });
});

it('isLoopback() is true only for addresses no other machine can reach', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org'].map(isLoopback)).toEqual([false, false, false, false]);
});
