// All tests of the server side: beside the code (src), in test/ and in tools/. STORMTAIL_QUICK leaves out the slow ones.
import { defineConfig } from 'vitest/config';

const slow = ['test/simulation/**', '**/*.slow.test.ts'];

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts', 'web/src/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', 'dist/**', ...(process.env['STORMTAIL_QUICK'] ? slow : [])],
    setupFiles: ['test/support/property-seed.ts'],
    // Processes, not threads: tests start servers and children, and one that breaks its process must not take others along.
    pool: 'forks',
    // A test that waits longer than this waits for something that will not come, also on a machine with other work. Slow
    // ones say their own limit.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Settings of the person who runs the tests must not reach the servers under test.
    env: { STORMTAIL_HOME: '', STORMTAIL_LISTEN: '', STORMTAIL_COMPAT_PORTS: '' },
  },
});
