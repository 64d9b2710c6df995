/**
 * Output of several lanes (hosts, tasks) as one text for a person: the name of the lane before each of its lines, so that
 * it is known whose they are, and no line within another one's. And only the lines somebody looks for.
 */
import { type Colour, paint } from './colours.ts';

export interface Lane {
  /** Before each line; empty: nothing. */
  readonly name: string;
  /** Parts of one line have the same. */
  readonly key: string;
}

export interface LaneTextOptions {
  readonly hasNames: boolean;
  readonly coloured: boolean;
  /** Only these lines, each when it is complete. */
  readonly matches?: (line: string) => boolean;
}

/** Told apart on dark and light grounds; after the last the first again. */
const laneColours: readonly Colour[] = ['blue', 'green', 'brown', 'magenta', 'cyan'];

export class LaneText {
  readonly #options: LaneTextOptions;
  /** Beginnings of lines that are looked at when they are complete. */
  readonly #unfinished = new Map<string, { readonly lane: Lane; text: string }>();
  readonly #colours = new Map<string, Colour>();
  /** Whose line is not ended yet on the screen. */
  #openKey: string | undefined;

  constructor(options: LaneTextOptions) {
    this.#options = options;
  }

  /** What to print now that this was heard. */
  add(lane: Lane, data: string): string {
    const { matches } = this.#options;
    if (!matches) return this.#marked(lane, data);
    const text = (this.#unfinished.get(lane.key)?.text ?? '') + data;
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) this.#unfinished.set(lane.key, { lane, text: text.slice(end) });
    else this.#unfinished.delete(lane.key);
    const lines = text.slice(0, end).match(/[^\n]*\n/g) ?? [];
    return this.#marked(lane, lines.filter((line) => matches(line.replace(/\r?\n$/, ''))).join(''));
  }

  /** What is left when nothing more comes. */
  end(): string {
    let text = '';
    for (const { lane, text: line } of this.#unfinished.values())
      if (this.#options.matches?.(line)) text += this.#marked(lane, `${line}\n`);
    this.#unfinished.clear();
    return text;
  }

  /** Before a line that is nobody's. */
  endLine(): string {
    const isOpen = this.#options.hasNames && this.#openKey !== undefined;
    this.#openKey = undefined;
    return isOpen ? '\n' : '';
  }

  #marked(lane: Lane, data: string): string {
    if (!this.#options.hasNames || data === '') return data;
    // Nobody's name, nobody's line: as it is, but not behind another one's.
    if (lane.name === '') return this.endLine() + data;
    const prefix = this.#prefix(lane.name);
    const isOwnLine = this.#openKey === lane.key;
    const before = isOwnLine ? '' : this.endLine() + prefix;
    this.#openKey = data.endsWith('\n') ? undefined : lane.key;
    return before + data.replace(/\n(?!$)/g, `\n${prefix}`);
  }

  #prefix(name: string): string {
    const prefix = `[${name}]`;
    if (!this.#options.coloured) return `${prefix} `;
    const colour = this.#colours.get(name) ?? laneColours[this.#colours.size % laneColours.length] ?? 'blue';
    this.#colours.set(name, colour);
    return `${paint(prefix, colour)} `;
  }
}
