import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { untilTrue } from '../../../test/support/process-trial.ts';
import { type RemoteTrials, remoteTrials, type Trial, type TrialWish } from '../../../test/support/remote-trial.ts';
import { hasSshd, type Sshd, sshdTest, startSshd } from '../../../test/support/sshd.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';

const host = '127.0.0.1';
let sshd: Sshd;
let trials: RemoteTrials;
let pack: TemporaryDirectory;

beforeAll(async () => {
  if (!hasSshd) return;
  sshd = await startSshd();
  trials = await remoteTrials(sshd);
  pack = await temporaryDirectory();
  await mkdir(join(pack.path, 'actions/lib/deep'), { recursive: true });
  await writeFile(join(pack.path, 'actions/lib/deep/words.sh'), "word='from lib'\n");
});

afterAll(async () => {
  await trials?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
  await pack?.[Symbol.asyncDispose]();
});

async function start(script: string, parameters: object = {}, wish: TrialWish = {}): Promise<Trial> {
  await writeFile(join(pack.path, 'actions/it.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o600 });
  return trials.start(
    '',
    { ...parameters },
    { packPath: pack.path, ...wish, action: { entry_point: 'it.sh', ...wish.action } },
  );
}

const left = () => readdirSync(join(trials.home, 'scripts'));

sshdTest('a script is copied with its lib, private, gets its arguments, and is removed', async () => {
  const trial = await start(
    'd=$(dirname "$0"); . "$d/lib/deep/words.sh"; echo "$word|$*|$2"; pwd; echo "$d"; ls -ld "$d" "$0" | cut -c1-10',
    { cwd: '/' },
    {
      action: { parameters: { named: { type: 'string' }, first: { type: 'string', position: 0 } } },
      actionParameters: { named: '$(id)', first: "it's\ntwo lines" },
    },
  );
  const { status, result } = await trial.outcome;
  expect(result[host]).toMatchObject({
    stdout: `from lib|--named=$(id) it's\ntwo lines|it's\ntwo lines\n/\n${trials.home}/scripts/${trial.id}\ndrwx------\n-rwxr--r--`,
    stderr: '',
  });
  expect(status).toBe('succeeded');
  expect(left()).toEqual([]);
});

sshdTest('it is removed where it fails, is canceled, or runs out of time', async () => {
  expect((await (await start('echo here; exit 5')).outcome).result[host]).toMatchObject({ return_code: 5 });
  expect(left()).toEqual([]);
  const canceled = await start('echo here; sleep 600');
  await untilTrue(() => canceled.written('stdout').length > 0);
  expect(left()).toEqual([canceled.id]);
  canceled.stop('cancel');
  expect((await canceled.outcome).result[host]).toMatchObject({ error: 'canceled', stdout: 'here' });
  expect(left()).toEqual([]);
  const late = await start('sleep 600', { timeout: 1 });
  expect((await late.outcome).status).toBe('timeout');
  expect(left()).toEqual([]);
});

sshdTest('several hosts have a directory each, for they may be one machine', async () => {
  const trial = await start('dirname "$0"', {}, { hosts: `127.0.0.1:${sshd.port}, localhost:${sshd.port}` });
  const { result } = await trial.outcome;
  expect([result['127.0.0.1'], result['localhost']]).toEqual([
    expect.objectContaining({ stdout: `${trials.home}/scripts/${trial.id}-1` }),
    expect.objectContaining({ stdout: `${trials.home}/scripts/${trial.id}-2` }),
  ]);
});

sshdTest('where it cannot be copied, it does not run, and the result says why', async () => {
  const trial = await start('echo never', { dir: `${trials.home}/known_hosts` });
  const { status, result } = await trial.outcome;
  expect(status).toBe('failed');
  expect(result[host]).toMatchObject({
    return_code: 255,
    stdout: '',
    error: expect.stringMatching(/^Failed sending file\(s\) to host 127\.0\.0\.1\. .* could not make .*known_hosts/),
  });
});

sshdTest('a directory that is there already is not used: it may be somebody else’s', async () => {
  const dir = join(trials.home, 'taken');
  const trial = await start('echo never', { dir });
  await mkdir(join(dir, trial.id), { recursive: true });
  await writeFile(join(dir, trial.id, 'it.sh'), '#!/bin/sh\necho theirs\n', { mode: 0o755 });
  const { result } = await trial.outcome;
  expect(result[host]).toMatchObject({ stdout: '', error: expect.stringContaining('could not make') });
  expect(readdirSync(join(dir, trial.id))).toEqual(['it.sh']);
});

sshdTest('when the connection breaks, the host itself removes it', async () => {
  await using other = await startSshd();
  other.authorize(sshd.userKey);
  const trial = await start('echo here; sleep 600', {}, { hosts: `127.0.0.1:${other.port}` });
  await untilTrue(() => trial.written('stdout').length > 0);
  await other.kill();
  expect((await trial.outcome).result[host]).toMatchObject({ error: expect.stringContaining('was lost') });
  await untilTrue(() => !existsSync(join(trials.home, 'scripts', trial.id)));
});

sshdTest('what cannot work anywhere is refused before any host is asked', async () => {
  await expect((await start('', { dir: 'relative' })).outcome).rejects.toMatchObject({
    code: 'start_failed',
    message: 'action demo.it: parameter "dir": "relative" is no absolute path',
  });
  const outside = await start('', {}, { action: { entry_point: '../../etc/passwd' } });
  await expect(outside.outcome).rejects.toMatchObject({ code: 'start_failed' });
  await expect(trials.start('a', { env: { 'a-b': 'c' } }).outcome).rejects.toMatchObject({
    message: expect.stringContaining('variable "a-b" in "env": on other hosts, a name has to be letters'),
  });
  await expect(trials.start('').outcome).rejects.toMatchObject({ message: 'action demo.it: parameter "cmd" is empty' });
  await expect(trials.start('a', { hosts: ' , ' }).outcome).rejects.toMatchObject({ code: 'invalid_parameter' });
});
