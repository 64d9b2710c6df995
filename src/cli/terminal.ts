/**
 * Where results and talk go: results to stdout, talk to stderr. Also what the commands need to know of the place they
 * print to. A reader that went away (`| head`) ends the program quietly; main.ts sees to that.
 */
import { wantsColours } from './output/colours.ts';

export interface Terminal {
  /** Writes text as it is; resolves when the next piece may be written, so that a slow reader slows us and nothing piles up. */
  write(text: string | Uint8Array): Promise<void>;
  /** Writes text and a newline. */
  print(text: string): Promise<void>;
  /** A line for the person, not for the pipe. */
  tell(line: string): void;
  readonly environment: NodeJS.ProcessEnv;
  readonly columns: number;
  readonly coloured: boolean;
}

/** Where nothing says how wide the terminal is (a pipe, a job). */
const columnsUnknown = 150;

export function processTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const write = (text: string | Uint8Array): Promise<void> => {
    if (text.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      if (stdout.write(text)) resolve();
      else stdout.once('drain', resolve);
    });
  };
  const asked = Number.parseInt(env.COLUMNS ?? '', 10);
  return {
    write,
    print: (text) => write(`${text}\n`),
    tell: (line) => {
      stderr.write(`${line}\n`);
    },
    environment: env,
    columns: asked > 0 ? asked : (stdout.columns ?? stderr.columns ?? columnsUnknown),
    coloured: wantsColours(env, stdout.isTTY === true),
  };
}
