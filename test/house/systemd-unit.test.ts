/** The systemd unit: understood by systemd where there is one, and true to what the program does. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configOptions } from '../../src/app/config-options.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const directory = join(import.meta.dirname, '../../contrib/systemd');

/** Section → name → values, in the form of systemd.syntax(7) that we use: no continued lines. */
function parseUnit(name: string): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section = '';
  for (const line of readFileSync(join(directory, name), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, option, value = ''] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
    expect(head ?? option, `${name}: ${line}`).toBeDefined();
    if (head !== undefined) section = head;
    else add(sections, section, option ?? '', value);
  }
  return sections;
}

function add(sections: Record<string, Record<string, string[]>>, section: string, option: string, value: string): void {
  const options = sections[section] ?? {};
  sections[section] = { ...options, [option]: [...(options[option] ?? []), value] };
}

test('every line is a section or an option, and none is set twice but those that add up', () => {
  for (const name of ['stormtail.service', 'hardened.conf'])
    for (const options of Object.values(parseUnit(name)))
      for (const [option, values] of Object.entries(options))
        if (option !== 'Environment') expect(values, `${name}: ${option}`).toHaveLength(1);
});

test('a stop signals the server alone, and leaves it the time it takes', () => {
  const { Service } = parseUnit('stormtail.service');
  expect(Service).toMatchObject({ KillMode: ['process'], OOMPolicy: ['continue'], RestartPreventExitStatus: ['2'] });
  const drainS = configOptions.actionrunner.exit_still_active_check.default;
  expect(Number(Service?.['TimeoutStopSec']?.[0])).toBeGreaterThanOrEqual(drainS + 15);
  for (const harmful of ['PrivateTmp', 'MemoryDenyWriteExecute', 'ProtectProc', 'SendSIGKILL'])
    expect({ ...Service, ...parseUnit('hardened.conf')['Service'] }).not.toHaveProperty(harmful);
});

test('systemd understands it, alone and hardened', async (context) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0)
    return context.skip('there is no systemd-analyze here; the other tests have read the files');
  await using temporary = await temporaryDirectory();
  // The program stands elsewhere in a test, and its user does not exist.
  const unit = readFileSync(join(directory, 'stormtail.service'), 'utf8')
    .replace('/usr/bin/node /opt/stormtail/bin/', `${process.execPath} ${join(directory, '../../bin')}/`)
    .replace(/^(User|Group)=stormtail$/gm, '$1=root');
  const hardening = readFileSync(join(directory, 'hardened.conf'), 'utf8');
  const path = join(temporary.path, 'stormtail.service');
  for (const text of [unit, unit.replace('[Install]', `${hardening}\n[Install]`)]) {
    writeFileSync(path, text);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
    // Other units of the machine may have problems of their own.
    expect(stderr.split('\n').filter((line) => line.includes('stormtail'))).toEqual([]);
    expect(status, stderr).toBe(0);
  }
  // It does tell: a mistake is found.
  writeFileSync(path, unit.replace('KillMode=process', 'KillMode=proces\nKilMode=process'));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  expect(stderr).toMatch(/KilMode/);
});
