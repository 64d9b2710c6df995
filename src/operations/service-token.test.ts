import { expect, test } from 'vitest';
import { openTestContext } from '../../test/support/test-context.ts';
import { redactorOf } from '../core/model/redaction.ts';
import { issueServiceToken } from './service-token.ts';

// Every execution's output hides its token. What may begin one, in any form, waits at the end of an unfinished line.
test('no form of a token begins with what prompts and progress end with', async () => {
  await using opened = await openTestContext();
  const { context, clock } = opened;
  const ends = [...' 0123456789:?>%.)]}#$!,;-_=*|/\\\r'];
  for (const user of ['st2admin', 'a', 'somebody.with-a-long_name@example.com', 'Zoë Ångström'])
    for (let made = 0; made < 75; made++) {
      clock.advance(3_600_000);
      const token = issueServiceToken(context, context.newId(), user, clock.nowUs());
      const redactor = redactorOf([token]);
      expect(redactor?.heldLength(Buffer.from(`x ${token.slice(0, 20)}`))).toBe(20);
      expect(ends.filter((end) => redactor?.heldLength(Buffer.from(`x${end}`)))).toEqual([]);
    }
});
