/**
 * From the syntax tree of a YAML document to a JSON value, with the place of everything in it. The rules are those of
 * PyYAML's safe loader with StackStorm's check for duplicate keys; merge keys work, which that check broke there.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { plainScalar, type ScalarValue, taggedScalar, unknownTag } from './plain-scalar.ts';

export type YamlPath = readonly (string | number)[];

/** Offsets into the text. */
export interface YamlPlace {
  readonly key: number;
  readonly value: number;
}

export interface Constructed {
  readonly value: unknown;
  /** By `JSON.stringify(path)`. What came through an alias or a merge key has its place where it was written. */
  readonly places: ReadonlyMap<string, YamlPlace>;
  /** Scalars that YAML knows and JSON does not; their text stands in the value. */
  readonly notJson: readonly { readonly path: YamlPath; readonly text: string; readonly what: string }[];
}

/** When: a document is well-formed and still cannot be read. Never leaves this folder. */
export class YamlRefusal extends Error {
  override name = 'YamlRefusal';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Throws YamlRefusal. */
export function construct(contents: unknown): Constructed {
  const reader = new Constructor();
  const { value } = reader.node(contents, [], { key: 0, value: 0 });
  return { value, places: reader.places, notJson: reader.notJson };
}

interface Sized {
  readonly value: unknown;
  /** Nodes, those behind aliases counted each time. */
  readonly size: number;
}

/** Aliases of aliases multiply. The largest real pack files have some ten thousand nodes. */
const nodesMax = 1_000_000;

const mapTag = 'tag:yaml.org,2002:map';
const seqTag = 'tag:yaml.org,2002:seq';

class Constructor {
  readonly places = new Map<string, YamlPlace>();
  readonly notJson: { path: YamlPath; text: string; what: string }[] = [];
  /** By name; an anchor that is still being read holds nothing yet. */
  readonly #anchors = new Map<string, Sized | undefined>();

  node(node: unknown, path: YamlPath, key: { key: number; value: number }): Sized {
    const value = offsetOf(node) ?? key.value;
    this.places.set(JSON.stringify(path), { key: key.key, value });
    if (isAlias(node)) return this.#alias(node, value);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const built = this.#own(node, path, value);
    if (built.size > nodesMax) throw new YamlRefusal(`aliases make this larger than ${nodesMax} values`, value);
    if (anchor !== undefined) this.#anchors.set(anchor, built);
    return built;
  }

  #own(node: unknown, path: YamlPath, offset: number): Sized {
    if (isMap(node)) return this.#map(node, path, offset);
    if (isSeq(node)) return this.#seq(node, path, offset);
    if (isScalar(node)) return { value: this.#scalar(node, path, offset), size: 1 };
    return { value: null, size: 1 };
  }

  #alias(alias: Alias, offset: number): Sized {
    const target = this.#anchors.get(alias.source);
    if (target) return target;
    const why = this.#anchors.has(alias.source) ? 'refers to something it is part of' : 'refers to no anchor before it';
    throw new YamlRefusal(`the alias *${alias.source} ${why}`, offset);
  }

  #seq(seq: YAMLSeq, path: YamlPath, offset: number): Sized {
    if (seq.tag !== undefined && seq.tag !== seqTag) throw new YamlRefusal(unknownTag(seq.tag), offset);
    const items = seq.items.map((item, index) => {
      const place = offsetOf(item) ?? offset;
      return this.node(item, [...path, index], { key: place, value: place });
    });
    return { value: items.map((item) => item.value), size: sizeOf(items) };
  }

  #map(map: YAMLMap, path: YamlPath, offset: number): Sized {
    if (map.tag !== undefined && map.tag !== mapTag) throw new YamlRefusal(unknownTag(map.tag), offset);
    const own = new Map<string, Sized>();
    const merged = new Map<string, Sized>();
    for (const pair of map.items) {
      const keyOffset = offsetOf(pair.key) ?? offset;
      if (isMergeKey(pair)) this.#merge(pair.value, merged, path, keyOffset);
      else {
        const name = this.#key(pair.key, keyOffset);
        if (own.has(name)) throw new YamlRefusal(`found duplicate key "${name}"`, keyOffset);
        own.set(name, this.node(pair.value, [...path, name], { key: keyOffset, value: keyOffset }));
      }
    }
    const all = [...new Map([...merged, ...own])];
    return {
      value: Object.fromEntries(all.map(([name, item]) => [name, item.value])),
      size: sizeOf(all.map(([, item]) => item)),
    };
  }

  /** What is merged gives way to what is written; of several sources the first wins. */
  #merge(node: unknown, into: Map<string, Sized>, path: YamlPath, offset: number): void {
    const source = this.node(node, [...path, '<<'], { key: offset, value: offset });
    const maps = Array.isArray(source.value) ? source.value : [source.value];
    for (const map of maps) {
      if (typeof map !== 'object' || map === null || Array.isArray(map))
        throw new YamlRefusal('a merge key (<<) takes a map, or a list of maps', offset);
      // The size of a part is at most the whole's: counting the whole for each bounds the sum all the same.
      for (const [name, value] of Object.entries(map))
        if (!into.has(name)) into.set(name, { value, size: source.size });
    }
  }

  #key(node: unknown, offset: number): string {
    if (!isScalar(node) && !isAlias(node) && node !== null)
      throw new YamlRefusal('a key must be plain text, not a list or a map', offset);
    const { value } = isAlias(node) ? this.#alias(node, offset) : { value: this.#keyScalar(node, offset) };
    if (typeof value === 'object' && value !== null)
      throw new YamlRefusal('a key must be plain text, not a list or a map', offset);
    return typeof value === 'string' ? value : JSON.stringify(value); // 1, true and null as JSON names them
  }

  #keyScalar(node: Scalar | null, offset: number): unknown {
    const read = node === null ? plainScalar('') : readScalar(node);
    if (read.kind === 'refused') throw new YamlRefusal(read.why, offset);
    const value = read.kind === 'value' ? read.value : textOf(node); // a date as a key is its text
    if (node?.anchor !== undefined) this.#anchors.set(node.anchor, { value, size: 1 });
    return value;
  }

  #scalar(node: Scalar, path: YamlPath, offset: number): unknown {
    const read = readScalar(node);
    if (read.kind === 'refused') throw new YamlRefusal(read.why, offset);
    if (read.kind === 'value') return read.value;
    this.notJson.push({ path, text: textOf(node), what: read.what });
    return textOf(node);
  }
}

function readScalar(node: Scalar): ScalarValue {
  const text = textOf(node);
  if (node.tag !== undefined) return taggedScalar(node.tag, text);
  return node.type === Scalar.PLAIN || node.type === undefined ? plainScalar(text) : { kind: 'value', value: text };
}

/** The parser is told to leave all scalars text; a missing one has no text. */
function textOf(node: Scalar | null): string {
  return typeof node?.value === 'string' ? node.value : '';
}

function isMergeKey(pair: Pair): boolean {
  const key = pair.key;
  return isScalar(key) && key.type === Scalar.PLAIN && key.tag === undefined && key.value === '<<';
}

function offsetOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

function sizeOf(items: readonly Sized[]): number {
  return items.reduce((sum, item) => sum + item.size, 1);
}
