/**
 * What is to be known of an interpreter before it is used: its own path (behind `python3` there may be a pyenv shim, a shell
 * script that takes longer to find the interpreter than that takes to start), its version, and where its packages are.
 */
import { execFile } from 'node:child_process';
import { dirname, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { tryParseJson } from '../../base/json.ts';
import { statIfSeen } from './seen-file.ts';

export interface Interpreter {
  /** Absolute; in a virtual environment the one in there, which makes it one. */
  readonly path: string;
  /** New enough for the SDK to be forked by it. */
  readonly canFork: boolean;
  /** Changes when the interpreter or its environment is replaced, or a package is installed, changed or removed. */
  readonly stamp: string;
}

interface Known extends Omit<Interpreter, 'stamp'> {
  readonly asked: string;
  readonly packages: readonly string[];
}

const question = `import json, site, sys
print(json.dumps([sys.executable, sys.version_info >= (3, 8), site.getsitepackages() + [site.getusersitepackages()]]))`;
/** A pyenv shim takes a tenth of a second, a busy machine more. */
const answerWithinMs = 20_000;

const run = promisify(execFile);

export class Interpreters {
  readonly #known = new Map<string, Promise<Known | undefined>>();

  /** Undefined where it does not answer: whoever starts it anyway will see why. */
  async find(name: string, environment: Readonly<Record<string, string>>): Promise<Interpreter | undefined> {
    const asked = stampOf(placesOf(name));
    const known = await this.#answer(name, environment, asked);
    if (!known) return undefined;
    return { path: known.path, canFork: known.canFork, stamp: stampOf([...placesOf(known.path), ...known.packages]) };
  }

  /** Asked once, unless it was replaced meanwhile. */
  #answer(name: string, environment: Readonly<Record<string, string>>, asked: string): Promise<Known | undefined> {
    const earlier = this.#known.get(name);
    const answer = (earlier ?? Promise.resolve(undefined)).then((known) =>
      known?.asked === asked && isThere(known.path) ? known : ask(name, environment, asked),
    );
    this.#known.set(name, answer);
    return answer;
  }
}

async function ask(
  name: string,
  environment: Readonly<Record<string, string>>,
  asked: string,
): Promise<Known | undefined> {
  let text: string;
  try {
    const options = { cwd: '/', env: { ...environment }, timeout: answerWithinMs, encoding: 'utf8' } as const;
    ({ stdout: text } = await run(name, ['-c', question], options));
  } catch {
    return undefined; // not there, or too old to know the question
  }
  const answer = tryParseJson(text);
  if (!Array.isArray(answer)) return undefined;
  const [path, canFork, packages]: readonly unknown[] = answer;
  if (typeof path !== 'string' || !Array.isArray(packages)) return undefined;
  return { path, canFork: canFork === true, asked, packages: packages.map(String) };
}

/** The interpreter and what says that it belongs to a virtual environment; nothing for a name that is looked up on the PATH. */
function placesOf(path: string): readonly string[] {
  return isAbsolute(path) ? [path, join(dirname(dirname(path)), 'pyvenv.cfg')] : [];
}

function isThere(path: string): boolean {
  return statIfSeen(path) !== undefined;
}

function stampOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stat = statIfSeen(path);
      return stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '-';
    })
    .join();
}
