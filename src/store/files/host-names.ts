/**
 * `<id>.hosts`, beside the index: the names of the lanes of a log, one per line, lane 1 first. A lane is where output was
 * printed; lane 0 has no name, and a log with nothing else has no such file. A name is written before the first index
 * entry of its lane.
 */
import { closeSync, constants, existsSync, fdatasync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Fault, systemCode } from '../../base/errors.ts';

/** Lanes are a u16 in the index. */
export const lanesMax = 65_535;
/** A host name has at most 253 characters (RFC 1035); what stands for one may have a port and a user. */
const nameCharactersMax = 512;
/** After a power failure the index may name lanes that this file does not. */
const unknownName = 'unknown';

const sync = promisify(fdatasync);

export function hostsPath(indexPath: string): string {
  return indexPath.replace(/\.index$/, '.hosts');
}

/** The name of a lane, from what `readHostNames` answered. */
export function hostOf(names: readonly string[], lane: number): string | undefined {
  return lane === 0 ? undefined : (names[lane - 1] ?? unknownName);
}

export async function readHostNames(path: string): Promise<readonly string[]> {
  try {
    return namesIn(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** As its one writer sees it. */
export class HostNames implements Disposable {
  readonly #path: string;
  readonly #lanes = new Map<string, number>();
  #fd: number | undefined;
  #count = 0;
  #length = 0;

  /** `lanes`: how many the index knows of. */
  constructor(path: string, lanes: number) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    for (const name of namesIn(text)) this.#add(name);
    this.#length = Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1));
    while (this.#count < lanes) this.#append(unknownName);
  }

  /** The lane of a host, whose name is written where it is new. Throws system errors, and may be repeated then. */
  laneOf(host: string): number {
    const name = lineOf(host);
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    if (this.#count >= lanesMax)
      throw new Fault('invalid_input', `one execution can have output of ${lanesMax} hosts; "${name}" is one too many`);
    return this.#append(name);
  }

  async sync(): Promise<void> {
    if (this.#fd !== undefined) await sync(this.#fd);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #append(name: string): number {
    if (this.#fd === undefined) {
      this.#fd = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT, 0o600);
      ftruncateSync(this.#fd, this.#length);
    }
    const line = Buffer.from(`${name}\n`);
    // At its place, so that one that was torn by a full disk is written over.
    for (let done = 0; done < line.length; )
      done += writeSync(this.#fd, line, done, line.length - done, this.#length + done);
    this.#length += line.length;
    return this.#add(name);
  }

  #add(name: string): number {
    this.#count += 1;
    if (!this.#lanes.has(name)) this.#lanes.set(name, this.#count);
    return this.#count;
  }
}

/** What was torn off by a crash has no line end, and no entry refers to it. */
function namesIn(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

function lineOf(host: string): string {
  return host.slice(0, nameCharactersMax).replace(/[\u0000-\u001f\u007f]/g, ' ');
}
