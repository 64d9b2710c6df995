import { describe, expect, test } from 'vitest';
import { bcryptHash, checkHash, parseHtpasswd } from './htpasswd.ts';

describe('checkHash()', () => {
  // Made with `openssl passwd -apr1` and `htpasswd`.
  test.each([
    ['secret password 12345', '$apr1$abcdefgh$N5voBQ8u5smPMTC/bup.t0'],
    ['', '$apr1$xy$43..WIhbfuznGvwoCyUek/'],
    ['Ch@ngeMe', '$apr1$abcdefgh$1Cqci07C6HKlnvOnQZzqN0'],
    ['hello', '{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00='],
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'], // from crypt_blowfish's own tests
    ['U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ])('knows the password %j of %s', async (password, hash) => {
    expect(await checkHash(password, hash)).toBe('match');
    expect(await checkHash(`${password}x`, hash)).toBe('no match');
    expect(
      await checkHash(
        password,
        hash.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    ).not.toBe('match');
  });

  test.each(['', 'rqXexS6ZhobKA', '$6$salt$hash', '$apr1$', '$apr1$salt$short', '$2y$05$short', 'plain'])(
    'does not know the format of %j',
    async (hash) => {
      expect(await checkHash('plain', hash)).toBe('unsupported');
    },
  );

  test('checks what bcryptHash() made', async () => {
    const hash = await bcryptHash('päss:wörd');
    expect(hash).toMatch(/^\$2y\$10\$/);
    expect(await checkHash('päss:wörd', hash)).toBe('match');
  });
});

test('parseHtpasswd() skips what is no user and takes the first of two', () => {
  const users = parseHtpasswd('# admins\r\nanna:$apr1$a$b\r\n\nnonsense\n:x\nbob:{SHA}x:more\nanna:other\n');
  expect([...users]).toEqual([
    ['anna', '$apr1$a$b'],
    ['bob', '{SHA}x'],
  ]);
});
