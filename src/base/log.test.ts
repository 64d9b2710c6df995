import { expect, test } from 'vitest';
import { createLog, secretFieldNames, silentLog } from './log.ts';

function lines(level: string, say: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const written: string[] = [];
  say(createLog({ level, write: (line) => void written.push(line) }));
  return written.map((line) => JSON.parse(line));
}

test('one line is one event: a fixed message plus fields, and when', () => {
  const [line, ...rest] = lines('info', (log) => log.info({ execution: 'x', ms: 5 }, 'it ran\nwell'));
  expect(rest).toEqual([]);
  expect(line).toMatchObject({
    execution: 'x',
    ms: 5,
    msg: 'it ran\nwell',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(line).not.toHaveProperty('pid');
});

test('levels below the one asked for are not written', () => {
  const all = (log: ReturnType<typeof createLog>) => {
    log.debug({}, 'debug');
    log.info({}, 'info');
    log.warn({}, 'warn');
    log.error({}, 'error');
  };
  expect(lines('warn', all).map((line) => line['msg'])).toEqual(['warn', 'error']);
  expect(lines('debug', all)).toHaveLength(4);
});

test('values under names that hold secrets are replaced, also one level down and in children', () => {
  const written = JSON.stringify(
    lines('info', (log) => {
      for (const name of secretFieldNames) log.info({ [name]: 'Tr0ub4dor', nested: { [name]: 'Tr0ub4dor' } }, 'x');
      log.child({ password: 'Tr0ub4dor' }).info({ token: 'Tr0ub4dor' }, 'y');
    }),
  );
  expect(written).not.toContain('Tr0ub4dor');
  expect(written.match(/\*{8}/g)).toHaveLength(2 * secretFieldNames.length + 2);
});

test('a child adds its fields to every line', () => {
  expect(lines('info', (log) => log.child({ service: 'a' }).warn({ n: 1 }, 'x'))).toMatchObject([
    { service: 'a', n: 1 },
  ]);
  expect(silentLog.child({})).toBe(silentLog);
});
