/** Sealing values that must not rest in clear: AES-256-GCM with one key per installation. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Fault } from './errors.ts';
import { isObject } from './json.ts';

/** What stands in stored JSON where a secret value was. */
export interface Sealed {
  /** base64url of IV (12 bytes), tag (16), ciphertext of the value's JSON. */
  readonly $sealed: string;
}

const ivBytes = 12;
const tagBytes = 16;

export class SecretBox {
  readonly #key: Buffer;

  /** `key`: 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 32)
      throw new Fault(
        'home_unusable',
        `the secret key has ${key.length} bytes instead of 32; restore it from a backup`,
      );
    this.#key = key;
  }

  seal(value: unknown): Sealed {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const body = Buffer.concat([cipher.update(JSON.stringify(value) ?? 'null', 'utf8'), cipher.final()]);
    return { $sealed: Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url') };
  }

  /** Values that are not sealed come back as they are. `store_failed` where the key is another one or the text is damaged. */
  open(value: unknown): unknown {
    if (!isObject(value) || typeof value.$sealed !== 'string' || Object.keys(value).length !== 1) return value;
    const bytes = Buffer.from(value.$sealed, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, ivBytes));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return JSON.parse(
        decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8'),
      );
    } catch (error) {
      throw new Fault(
        'store_failed',
        'a sealed value cannot be opened: the secret key is not the one it was sealed with',
        { cause: error },
      );
    }
  }
}
