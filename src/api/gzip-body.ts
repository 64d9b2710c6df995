/**
 * Streams compressed with gzip of which many readers share the parts. A part is deflated with nothing but itself to refer
 * to and ends at a byte (a full flush), so it may follow any other part: it is made once, for all readers that are at the
 * same place, whenever they came. What is each reader's own is the head, and at the end the sum over all it got.
 */
import { promisify } from 'node:util';
import zlib, { constants, deflateRaw, deflateRawSync } from 'node:zlib';
import { assert } from '../base/assert.ts';
import { crc32 as ownCrc32, joinedCrc32 } from '../base/crc32.ts';
import type { IncomingHttpHeaders } from 'node:http';

// Node has it since 20.15, many times as fast.
const crc32: (bytes: Uint8Array) => number = zlib.crc32 ?? ownCrc32;

/** The fastest: output compresses tenfold even so, and higher levels take thrice the time for a tenth less. */
const options = { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_FULL_FLUSH };

const deflateApart = promisify(deflateRaw) as (bytes: Buffer, how: typeof options) => Promise<Buffer>; // the overload with options

/** What the uncompressed bytes of a part come to. */
interface Sum {
  readonly crc: number;
  readonly length: number;
}

/** Of the parts, by what is sent of them. A part nobody holds any more needs none. */
const sums = new WeakMap<Buffer, Sum>();

/** Whether the client names gzip. Nothing is compressed for one that does not. */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  return (headers['accept-encoding'] ?? '')
    .toString()
    .split(',')
    .some((one) => {
      const [name = '', ...parameters] = one.split(';').map((text) => text.trim().toLowerCase());
      const isRefused = parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
      return (name === 'gzip' || name === 'x-gzip') && !isRefused;
    });
}

/** A part as `framed` sends it. Empty text makes no part. */
export function gzipPart(text: string, framed: (bytes: Buffer) => Buffer): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length === 0) return bytes;
  return summed(framed(deflateRawSync(bytes, options)), bytes);
}

/** The same in another thread, for long texts. */
export async function gzipPartApart(text: string, framed: (bytes: Buffer) => Buffer): Promise<Buffer> {
  const bytes = Buffer.from(text);
  return summed(framed(await deflateApart(bytes, options)), bytes);
}

function summed(sent: Buffer, bytes: Buffer): Buffer {
  sums.set(sent, { crc: crc32(bytes), length: bytes.length });
  return sent;
}

/** Ten bytes: deflate, no name, no time, some system. */
export const gzipHead = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff]);

/** The sum over what one reader got. */
export class GzipSum {
  #crc = 0;
  #length = 0;

  add(part: Buffer): void {
    const sum = sums.get(part);
    assert(sum, 'bytes that are sent compressed were made by gzipPart');
    this.#crc = joinedCrc32(this.#crc, sum.crc, sum.length);
    this.#length = (this.#length + sum.length) % 2 ** 32;
  }

  /** What ends the body: an empty last block, the sum, the length. */
  end(): Buffer {
    const bytes = Buffer.alloc(10);
    bytes.writeUInt16LE(3, 0);
    bytes.writeUInt32LE(this.#crc, 2);
    bytes.writeUInt32LE(this.#length, 6);
    return bytes;
  }
}
