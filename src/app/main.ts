/** `stormtail up`: starts the server, says where it is, and stops it on a signal. */
import { Fault, messageOf } from '../base/errors.ts';
import { type Config, loadConfig } from './config.ts';
import { installedFiles, version } from './installed-files.ts';
import { greeting } from './greeting.ts';
import { stopOnSignal } from './signals.ts';
import { buildSystem } from './system.ts';

/** Exit codes: 0 stopped as asked, 1 could not start, 2 bad settings or arguments. */
async function up(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(help);
    return 0;
  }
  if (args.length > 0) {
    process.stderr.write(`stormtail up: unknown argument "${args[0]}"\n\n${help}`);
    return 2;
  }
  let config: Config;
  try {
    const loaded = loadConfig({ env: process.env });
    for (const note of loaded.notes) process.stderr.write(`note: ${note}\n`);
    config = loaded.config;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  const signals = stopOnSignal();
  await using system = await buildSystem(config, installedFiles(import.meta.url));
  for (const problem of system.packProblems) process.stderr.write(`pack: ${problem}\n`);
  for (const problem of system.portProblems) process.stderr.write(`note: ${problem}\n`);
  process.stdout.write(greeting(system, config, version));
  const lost = await Promise.race([signals.first, system.lost]);
  if (lost) throw lost;
  const isWaiting = config.actionrunner.graceful_shutdown;
  const waitMs = isWaiting ? config.actionrunner.exit_still_active_check * 1000 : 0;
  process.stdout.write(stoppingText(system.active, isWaiting));
  await Promise.race([system.drain(waitMs), signals.second]);
  if (system.active > 0)
    process.stdout.write(`${system.active} running executions go on; the next start takes them over\n`);
  return 0;
}

function stoppingText(active: number, isWaiting: boolean): string {
  if (active === 0 || !isWaiting) return 'stopping\n';
  return `stopping: waiting for ${active} running executions (a second signal leaves them running and stops at once)\n`;
}

const help = `usage: stormtail up

Starts the server with everything in one process: API, streams, web UI, action runner.

  STORMTAIL_HOME          where everything is kept (default ~/.stormtail)
  STORMTAIL_LISTEN        address and port (default 127.0.0.1:9101)
  STORMTAIL_COMPAT_PORTS  on or off: StackStorm's ports 9100 and 9102 too (default on)

More settings: stormtail.conf in STORMTAIL_HOME, see docs/configuration.md.
`;

try {
  process.exitCode = await up(process.argv.slice(3));
} catch (error) {
  process.stderr.write(
    `${error instanceof Fault ? error.message : error instanceof Error ? error.stack : messageOf(error)}\n`,
  );
  process.exitCode = 1;
}
