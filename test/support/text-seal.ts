/** A seal as the server has one, with a key of its own. */
import { SecretBox } from '../../src/base/secret-box.ts';
import type { TextSeal } from '../../src/store/files/sealed-secrets.ts';

export function sampleSeal(keyByte = 7): TextSeal {
  const box = new SecretBox(Buffer.alloc(32, keyByte));
  return { seal: (text) => box.seal(text).$sealed, open: (sealed) => String(box.open({ $sealed: sealed })) };
}
