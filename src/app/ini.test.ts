import { describe, expect, it } from 'vitest';
import { parseIni } from './ini.ts';

const entriesOf = (text: string) => parseIni(text).entries.map(({ section, name, value }) => [section, name, value]);

describe('parseIni()', () => {
  it('reads sections, both signs, comments and quotes, and says where each name stands', () => {
    const text =
      '\uFEFF# a comment\r\n[api]\r\nhost = 0.0.0.0\r\n; another\r\nport: 9101\r\n\r\n[log]\nlevel = "info"\nempty =\n';
    expect(parseIni(text)).toEqual({
      entries: [
        { section: 'api', name: 'host', value: '0.0.0.0', line: 3 },
        { section: 'api', name: 'port', value: '9101', line: 5 },
        { section: 'log', name: 'level', value: 'info', line: 8 },
        { section: 'log', name: 'empty', value: '', line: 9 },
      ].map((entry) => expect.objectContaining(entry)),
      sections: [
        { name: 'api', line: 2 },
        { name: 'log', line: 7 },
      ],
      problems: [],
    });
  });

  it('takes a comment sign, a colon and an equals sign inside a value as part of it', () => {
    expect(entriesOf('[messaging]\nurl = amqp://guest:p#w=d@host:5672/ ; no comment')).toEqual([
      ['messaging', 'url', 'amqp://guest:p#w=d@host:5672/ ; no comment'],
    ]);
  });

  it('continues a value on indented lines until an empty one', () => {
    expect(entriesOf('[auth]\nbackend_kwargs = {\n  "file_path": "/x"\n  }\n\n[api]\nport = 1')).toEqual([
      ['auth', 'backend_kwargs', '{\n"file_path": "/x"\n}'],
      ['api', 'port', '1'],
    ]);
  });

  it('puts what stands before the first section into DEFAULT', () => {
    expect(entriesOf('debug = True')).toEqual([['DEFAULT', 'debug', 'True']]);
  });

  it('names every line that is not of the form, and reads the others', () => {
    const { entries, problems } = parseIni('  early\n[api\n[ ]\nport 9101\n= 3\nhost = h\n');
    expect(problems.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    expect(problems[3]?.message).toBe('expected "name = value" or "[section]", got "port 9101"');
    expect(entries).toHaveLength(1);
  });
});
