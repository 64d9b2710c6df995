import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isAlive, untilTrue } from '../../../test/support/process-trial.ts';
import { processesShowing, type RemoteTrials, remoteTrials, pidOf } from '../../../test/support/remote-trial.ts';
import { hasSshd, type Sshd, sshdTest, startSshd } from '../../../test/support/sshd.ts';

let sshd: Sshd;
let trials: RemoteTrials;
const host = '127.0.0.1';

beforeAll(async () => {
  if (!hasSshd) return;
  sshd = await startSshd();
  trials = await remoteTrials(sshd);
});

afterAll(async () => {
  await trials?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

describe('a command on another host', () => {
  sshdTest('has its output, its directory, its environment, and nothing on standard input', async () => {
    const command = 'pwd; echo "$A|$ST2_ACTION_EXECUTION_ID"; echo problem >&2; read -r x || echo "no input"; exit 3';
    const trial = trials.start(command, { env: { A: 'it\'s "two"\n lines\\n $HOME `id`' }, cwd: '/' });
    expect(await trial.outcome).toEqual({
      status: 'failed',
      result: {
        [host]: {
          failed: true,
          succeeded: false,
          return_code: 3,
          stdout: `/\nit's "two"\n lines\\n $HOME \`id\`|${trial.id}\nno input`,
          stderr: 'problem',
        },
      },
    });
    expect(trial.hosts).toEqual([host]);
    expect(trial.written('stderr', host).toString()).toBe('problem\n');
  });

  sshdTest('is told of live, byte for byte', async () => {
    const trial = trials.start("printf 'a\\n\\n\\r\\377\\000end'; sleep 60");
    await untilTrue(() => trial.written('stdout').length >= 9);
    expect(trial.written('stdout', host)).toEqual(Buffer.from('a\n\n\r\xff\0end', 'latin1'));
    trial.stop('cancel');
    expect((await trial.outcome).result[host]).toMatchObject({ stdout: 'a\n\n\r\ufffd\0end' });
  });

  sshdTest('may be long, and may print more than the result holds', async () => {
    const text = `${'x'.repeat(200_000)}$(id)`;
    const trial = trials.start(`printf %s '${text}' | wc -c; seq 1 200000`, {}, { resultBytesMax: 65_536 });
    const { status, result } = await trial.outcome;
    expect(status).toBe('succeeded');
    const written = trial.written('stdout').toString();
    expect(written).toBe(`${text.length}\n${Array.from({ length: 200_000 }, (_, at) => at + 1).join('\n')}\n`);
    expect(result[host]).toMatchObject({ cut_bytes: { stdout: written.length - 65_536, stderr: 0 } });
  });

  sshdTest('whose directory is missing does not run', async () => {
    const { status, result } = await trials.start('echo never', { cwd: '/no/such' }).outcome;
    expect(status).toBe('failed');
    expect(result[host]).toMatchObject({ stdout: '', return_code: 1, stderr: expect.stringContaining('/no/such') });
  });

  sshdTest('shows nothing of itself to other users of the host', async () => {
    const command = 'echo $$; echo "S3cret-$(printf %s cmd)" >/dev/null; sleep 60';
    const trial = trials.start(
      command,
      { env: { PASSWORD: 'S3cret-env' } },
      { environment: { TOKEN: 'S3cret-token' } },
    );
    await pidOf(trial);
    // The look finds what there is to find: `sleep` has its environment.
    await untilTrue(() => processesShowing('environ', 'S3cret-token').length > 0);
    expect(processesShowing('cmdline', 'stormtail remote program')).not.toEqual([]);
    expect(processesShowing('cmdline', 'S3cret')).toEqual([]);
    trial.stop('cancel');
    await trial.outcome;
  });
});

describe('a command that is to end', () => {
  const command = 'echo $$; sleep 600 & echo $!; wait';

  sshdTest.each([
    ['cancel', 'canceled'],
    ['storage_full', 'stopped because the disk that keeps the output is full; output after that point is lost'],
  ] as const)('is stopped on the host with all it started: %s', async (reason, error) => {
    const trial = trials.start(command);
    await untilTrue(() => /\d+\n\d+\n/.test(trial.written('stdout').toString()));
    const pids = trial.written('stdout').toString().trim().split('\n').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    trial.stop(reason);
    expect(await trial.outcome).toMatchObject({ status: 'failed', result: { [host]: { error, return_code: 255 } } });
    expect(pids.map(isAlive)).toEqual([false, false]);
  });
});
