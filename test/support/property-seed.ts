/**
 * Property tests draw the same values in every run: whether a change is good must not depend on the draw. To look for
 * what other values bring, `STORMTAIL_SEED=random npm test` (what it finds becomes an example in the test), or a number to
 * draw as an earlier run did.
 */
import fc from 'fast-check';

const wish = process.env['STORMTAIL_SEED'] ?? '20261121';

if (wish !== 'random') fc.configureGlobal({ seed: Number(wish) });
