import { expect, test } from 'vitest';
import { parseHosts } from './host-list.ts';

const keys = (text: string) => parseHosts(text).map(({ key, host, port }) => [key, host, port]);

test('hosts are names or addresses, with or without a port, and blanks around them', () => {
  expect(keys(' web1, web2:2222 ,[2001:db8::1]:2022,2001:db8::2,[fe80::1%eth0], 10.0.0.1,,')).toEqual([
    ['web1', 'web1', undefined],
    ['web2', 'web2', 2222],
    ['2001:db8::1', '2001:db8::1', 2022],
    ['2001:db8::2', '2001:db8::2', undefined],
    ['fe80::1%eth0', 'fe80::1%eth0', undefined],
    ['10.0.0.1', '10.0.0.1', undefined],
  ]);
});

test('what is there twice is run once; a host with two ports has them in its keys', () => {
  expect(keys('a,b,a,a').map(([key]) => key)).toEqual(['a', 'b']);
  expect(keys('a:22,a:22').map(([key]) => key)).toEqual(['a']);
  expect(keys('a:22,b,a:23,a,[::1]:5,[::1]:6').map(([key]) => key)).toEqual([
    'a:22',
    'b',
    'a:23',
    'a',
    '[::1]:5',
    '[::1]:6',
  ]);
});

test.each([
  ['', 'names no host'],
  [' , ', 'names no host'],
  ['a b', '"a b" is no host; expected host, host:port, [ipv6]:port or an IPv6 address'],
  ['web1:ssh', '"web1:ssh" is no host'],
  ['web1:0', 'a port is a number from 1 to 65535'],
  ['web1:65536', 'a port is a number'],
  ['-oProxyCommand=x', 'is no host'],
  ['root@web1', 'is no host'],
  ['[::1', 'is no host'],
  ['a\nb', 'is no host'],
  [Array.from({ length: 1001 }, (_, at) => `h${at}`).join(), 'names 1001 hosts; at most 1000'],
])('a list that cannot be meant is refused: %j', (text, message) => {
  expect(() => parseHosts(text)).toThrow(message);
});

test('a thousand hosts are fine', () => {
  expect(parseHosts(Array.from({ length: 1000 }, (_, at) => `h${at}`).join())).toHaveLength(1000);
});
