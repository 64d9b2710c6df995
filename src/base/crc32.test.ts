import fc from 'fast-check';
import '../../test/support/property-seed.ts';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32, joinedCrc32 } from './crc32.ts';

/** The sum that zlib writes behind a gzip body. */
const zlibSum = (bytes: Uint8Array) => gzipSync(bytes).readUInt32LE(gzipSync(bytes).length - 8);

test('crc32() is the sum that zlib makes', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      expect(crc32(bytes)).toBe(zlibSum(bytes));
    }),
  );
});

test('joinedCrc32() of parts is the sum of the whole', () => {
  const part = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const joined = parts.reduce((sum, bytes) => joinedCrc32(sum, crc32(bytes), bytes.length), 0);
      expect(joined).toBe(crc32(Buffer.concat(parts)));
    }),
  );
  const long = Buffer.alloc(3_000_000, 'abc');
  expect(joinedCrc32(crc32(Buffer.from('x')), crc32(long), long.length)).toBe(
    crc32(Buffer.concat([Buffer.from('x'), long])),
  );
});
