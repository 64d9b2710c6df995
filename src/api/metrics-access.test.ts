import { expect, test } from 'vitest';
import { Fault } from '../base/errors.ts';
import { openTestContext } from '../../test/support/test-context.ts';
import { addressList, type MetricsAccess, metricsGuard } from './metrics-access.ts';

const closed: MetricsAccess = { isLoopbackOnly: false, token: null, allow: [] };

async function isLetIn(access: Partial<MetricsAccess>, from: { address: string; authorization?: string }) {
  await using opened = await openTestContext();
  const guard = metricsGuard(opened.context, { ...closed, ...access });
  const headers = from.authorization === undefined ? {} : { authorization: from.authorization };
  const isLocalClient = from.address === '127.0.0.1';
  return guard({ headers, clientAddress: from.address, isLocalClient }).then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'unauthenticated' });
      return false;
    },
  );
}

test('this machine reads metrics only while nobody else can reach the server', async () => {
  expect(await isLetIn({ isLoopbackOnly: true }, { address: '127.0.0.1' })).toBe(true);
  expect(await isLetIn({ isLoopbackOnly: false }, { address: '127.0.0.1' })).toBe(false);
  expect(await isLetIn({ isLoopbackOnly: true }, { address: '10.0.0.9' })).toBe(false);
});

test('named addresses and networks need nothing, also as an IPv6 socket shows them', async () => {
  const allow = ['10.0.0.7', '10.1.0.0/16', 'fd00::/8'];
  for (const address of ['10.0.0.7', '10.1.255.1', '::ffff:10.0.0.7', 'fd12::1'])
    expect(await isLetIn({ allow }, { address }), address).toBe(true);
  for (const address of ['10.0.0.8', '10.2.0.1', '::ffff:10.0.0.8', 'fe80::1', '', 'unknown'])
    expect(await isLetIn({ allow }, { address }), address).toBe(false);
});

test('the token of the settings opens, anything else does not', async () => {
  const address = '10.0.0.9';
  expect(await isLetIn({ token: 'abc' }, { address, authorization: 'Bearer abc' })).toBe(true);
  for (const authorization of ['Bearer abd', 'Bearer', 'Bearer abc d', 'Basic abc', 'abc'])
    expect(await isLetIn({ token: 'abc' }, { address, authorization }), authorization).toBe(false);
  expect(await isLetIn({ token: null }, { address, authorization: 'Bearer null' })).toBe(false);
  expect(await isLetIn({ token: '' }, { address, authorization: 'Bearer ' })).toBe(false);
});

test('an address that is none is refused by name', () => {
  for (const entry of ['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0', '::/129', ''])
    expect(() => addressList([entry]), entry).toThrow(Fault);
  expect(() => addressList(['web-1'])).toThrow(
    '[metrics] allow: expected addresses such as 10.0.0.7 or 10.0.0.0/24, got "web-1"',
  );
});
