/** Remote commands on connections that are kept, against a login for each; over a real sshd on loopback. */
import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { nowUs, secondsSince } from './clock.ts';
import { requestLatencies, requestRate } from './request-rate.ts';
import { digits, ms, type Report } from './result.ts';
import { median, percentile } from './statistics.ts';
import { startStormtail, type TargetOptions } from './target.ts';

const clients = 24;
const rounds = 3;
const secondsPerRound = 4;
const alone = 100;
const aimPerSecond = 500;
const aimAloneUs = 4_000;
const loginsAtOnce = 4;

export async function remoteRate(options: TargetOptions): Promise<Report> {
  await using sshd = await startSshd();
  const config = `[system_user]\nssh_key_file = ${sshd.userKey.path}\n`;
  await using ours = await startStormtail({ ...options, config });
  const wish = {
    action: 'core.remote',
    parameters: { hosts: `127.0.0.1:${sshd.port}`, username: userInfo().username, cmd: ':' },
  };
  await requestRate(ours, wish, clients, 3);
  const rates: number[] = [];
  const logins: number[] = [];
  for (let round = 0; round < rounds; round++) {
    rates.push(await requestRate(ours, wish, clients, secondsPerRound));
    logins.push(await loginRate(sshd, 3));
  }
  const taken = await requestLatencies(ours, wish, alone);
  return {
    how: `${clients} clients on kept connections; each asks for \`:\` on one host by \`core.remote\` and begins again when it has the result. Median of ${rounds} rounds of ${secondsPerRound} s; sshd and what it starts run on the same processors. Then one client alone, ${alone} times. The baseline runs OpenSSH's client for each, ${loginsAtOnce} at once.`,
    rows: [
      {
        what: `request to result, ${clients} clients`,
        ours: `${digits(median(rates))}/s`,
        baseline: `${digits(median(logins))}/s`,
        ratio: median(rates) / median(logins),
        aim: `≥ ${aimPerSecond}/s`,
        isMet: median(rates) >= aimPerSecond,
      },
      {
        what: 'one client alone, p50',
        ours: ms(percentile(taken, 0.5)),
        aim: `≤ ${ms(aimAloneUs)}`,
        isMet: percentile(taken, 0.5) <= aimAloneUs,
      },
      { what: 'one client alone, p99', ours: ms(percentile(taken, 0.99)) },
    ],
  };
}

async function loginRate(sshd: Sshd, seconds: number): Promise<number> {
  let done = 0;
  const startUs = nowUs();
  const settings = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
  const words = ['-F', 'none', '-i', sshd.userKey.path, '-p', String(sshd.port)];
  for (const setting of settings) words.push('-o', setting);
  const worker = async () => {
    while (secondsSince(startUs) < seconds) {
      await new Promise<void>((resolve, reject) => {
        const child = spawn('ssh', [...words, '127.0.0.1', ':'], { stdio: 'ignore' });
        child.once('error', reject);
        child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ssh ended with ${code}`))));
      });
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: loginsAtOnce }, worker));
  return done / secondsSince(startUs);
}
