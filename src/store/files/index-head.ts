/**
 * The beginning of an index: what holds for the whole log. Little endian:
 *
 *     0   magic, 16 bytes, with the version of the format
 *     16  length of the sealed secrets, u32; 4 bytes unused
 *     24  per type what was cut out of its middle: from f64, to f64, shown bytes f64
 *     96  the sealed secrets (sealed-secrets.ts), then the entries (output-index.ts)
 */
import { Fault } from '../../base/errors.ts';
import { type OutputType, outputTypes } from '../../core/model/output-record.ts';

/** Bytes of a raw file that are not kept, `[from, to)`, and how many these were to readers. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  readonly shownBytes: number;
}

export interface IndexHead {
  readonly sealed: Buffer;
  readonly cuts: Readonly<Record<OutputType, Cut>>;
}

const family = Buffer.from('stormtail-out ', 'latin1');
const magic = Buffer.from('stormtail-out 2\n', 'latin1');
const sealedLengthAt = 16;
const cutsAt = 24;
const cutSize = 24;
export const headBytesMin = 96;
/** More is damage: the secrets of an execution are some parameters and a configuration. */
export const sealedBytesMax = 16 * 1024 * 1024;

const noCut: Cut = { from: 0, to: 0, shownBytes: 0 };
export const noCuts: IndexHead['cuts'] = { stdout: noCut, stderr: noCut, output: noCut };

/** So many bytes, as they were shown, are not kept. */
export function cutBytes({ cuts }: IndexHead): number {
  return cuts.stdout.shownBytes + cuts.stderr.shownBytes + cuts.output.shownBytes;
}

export function encodeHead({ sealed, cuts }: IndexHead): Buffer {
  const buffer = Buffer.alloc(headBytesMin + sealed.length);
  magic.copy(buffer);
  buffer.writeUInt32LE(sealed.length, sealedLengthAt);
  for (const [at, type] of outputTypes.entries()) {
    const { from, to, shownBytes } = cuts[type];
    for (const [nth, value] of [from, to, shownBytes].entries())
      buffer.writeDoubleLE(value, cutsAt + at * cutSize + nth * 8);
  }
  sealed.copy(buffer, headBytesMin);
  return buffer;
}

/** How long the whole beginning is, from its first bytes; undefined where it is torn. Throws where the format is another one. */
export function headLengthOf(bytes: Buffer, path: string): number | undefined {
  if (bytes.length >= magic.length && !bytes.subarray(0, magic.length).equals(magic)) {
    const isOther = bytes.subarray(0, family.length).equals(family);
    const reason = isOther ? `is of version ${bytes.toString('latin1', family.length, 15)}, expected 2` : 'is damaged';
    if (isOther || bytes.some((byte) => byte !== 0))
      throw new Fault('store_failed', `the index of output ${path} ${reason}; remove it to have the output read anew`);
  }
  if (bytes.length < headBytesMin || bytes[0] === 0) return undefined;
  const length = bytes.readUInt32LE(sealedLengthAt);
  return length > sealedBytesMax ? undefined : headBytesMin + length;
}

/** `bytes` are of the length that `headLengthOf` said. */
export function decodeHead(bytes: Buffer): IndexHead {
  const cutOf = (type: OutputType): Cut => {
    const at = cutsAt + outputTypes.indexOf(type) * cutSize;
    return {
      from: bytes.readDoubleLE(at),
      to: bytes.readDoubleLE(at + 8),
      shownBytes: bytes.readDoubleLE(at + 16),
    };
  };
  return {
    sealed: Buffer.from(bytes.subarray(headBytesMin)),
    cuts: { stdout: cutOf('stdout'), stderr: cutOf('stderr'), output: cutOf('output') },
  };
}
