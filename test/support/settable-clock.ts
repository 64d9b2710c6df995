/** A server whose time of day a test can set, while it runs and between two starts. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TestServer } from './server.ts';
import { until } from './server-wait.ts';

export class SettableClock {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'clock-shift');
    this.set(0);
  }

  /** For the environment of the server. */
  get env(): Readonly<Record<string, string>> {
    const module = pathToFileURL(join(import.meta.dirname, 'settable-clock.mjs'));
    return { NODE_OPTIONS: `--import ${module}`, TEST_CLOCK_FILE: this.#path };
  }

  /** For the next start. */
  set(hours: number): void {
    writeFileSync(this.#path, String(hours * 3_600_000));
  }

  /** Now: resolves when the server's time of day is the new one. */
  async setNow(server: TestServer, hours: number): Promise<void> {
    this.set(hours);
    server.signal('SIGUSR2');
    await until('the clock was set', async () => {
      const id = await server.run('core.noop');
      const shiftH = (Date.parse((await server.execution(id))['start_timestamp']) - Date.now()) / 3_600_000;
      return Math.abs(shiftH - hours) < 0.1;
    });
  }
}
