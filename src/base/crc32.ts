/** The checksum of gzip, and how that of two texts follows from those of its parts (RFC 1952 §8; zlib's crc32.c). */

/** The polynomial, lowest power in the highest bit. */
const polynomial = 0xedb88320;

const table = new Uint32Array(256).map((_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // The index is a byte: the table has a value for each.
  for (let at = 0; at < bytes.length; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The checksum of what has `first`, followed by `secondLength` bytes that have `second`. */
export function joinedCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(powerOf(secondLength), first) ^ second) >>> 0;
}

/** x to the power of 2^n modulo the polynomial, for n from 0. */
const squares: number[] = [1 << 30];
for (let n = 1; n < 32; n++) squares.push(multiply(squares[n - 1] ?? 0, squares[n - 1] ?? 0));

/** x to the power of 8 × `bytes`. */
function powerOf(bytes: number): number {
  let power = 1 << 31;
  let n = 3;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = multiply(squares[n % 32] ?? 0, power);
    n += 1;
  }
  return power;
}

/** Product of two polynomials modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return product;
}
