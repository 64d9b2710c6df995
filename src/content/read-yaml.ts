/**
 * YAML and JSON files of packs: YAML 1.1 by PyYAML's rules (spec/packs.md §1.1), one document, UTF-8. Every error says
 * file, line and column, and so can be asked of every value that was read.
 */
import { readFile, stat } from 'node:fs/promises';
import type { YAMLError } from 'yaml';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { construct, type Constructed, type YamlPath, YamlRefusal } from './yaml/construct.ts';
import { parseTree, type SyntaxTree } from './yaml/parse-tree.ts';

/** Line and column, both counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export interface ContentFile {
  /** A JSON value. */
  readonly value: unknown;
  /** Where the value at a path is written, or its key; for a path that is not there, the nearest one above. */
  locate(path: YamlPath, part?: 'key' | 'value'): TextPlace;
  /** Dates and infinite numbers: legal in YAML, only their text in `value`. */
  readonly notJson: Constructed['notJson'];
}

/** Far more than any metadata has; keeps a stray archive named `.yaml` out of memory. */
const fileBytesMax = 5_000_000;

/**
 * Reads `path`; `file` is what errors call it. Files named `.json` are read as JSON, the rest as YAML.
 * Throws Fault `invalid_content` with `details: {file, line, column, problem}`; line and column are 0 where the file as
 * a whole is the problem.
 */
export async function readContentFile(path: string, file: string = path): Promise<ContentFile> {
  let bytes: Buffer;
  try {
    if ((await stat(path)).size > fileBytesMax)
      throw contentFault(file, { line: 0, column: 0 }, `the file is larger than ${fileBytesMax} bytes`);
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = systemCode(error) === 'ENOENT' ? 'the file does not exist' : `cannot be read: ${messageOf(error)}`;
    throw contentFault(file, { line: 0, column: 0 }, why, error);
  }
  const text = decode(bytes, file);
  return path.endsWith('.json') ? parseJson(text, file) : parseYaml(text, file);
}

/** The same for text in hand. An empty text is null. */
export function parseYaml(text: string, file: string): ContentFile {
  refuseControlCharacters(text, file);
  const { documents, place } = syntaxTree(text, file);
  const [document, second] = documents;
  const first = document?.errors[0];
  if (first) throw contentFault(file, place(first.pos[0]), syntaxMessage(first));
  if (second) throw contentFault(file, place(second.range[0]), 'found a second document (---); expected only one');
  try {
    return located(construct(document?.contents ?? null), place);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(file, error);
    if (!(error instanceof YamlRefusal)) throw error;
    throw contentFault(file, place(error.offset), error.message, error);
  }
}

function parseJson(text: string, file: string): ContentFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw contentFault(file, jsonErrorPlace(text, messageOf(error)), `not JSON: ${messageOf(error)}`, error);
  }
  return { ...parseYaml(text, file), value, notJson: [] }; // JSON is YAML: the same tree knows the places
}

function syntaxTree(text: string, file: string): SyntaxTree {
  try {
    return parseTree(text);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(file, error);
    throw error;
  }
}

/** Parser and constructor call themselves for each level, and end a few thousand levels down. */
function tooDeep(file: string, cause: RangeError): Fault {
  return contentFault(file, { line: 0, column: 0 }, 'lists and maps are nested too deeply', cause);
}

function located(built: Constructed, place: (offset: number) => TextPlace): ContentFile {
  return {
    value: built.value,
    notJson: built.notJson,
    locate(path, part = 'value') {
      for (let length = path.length; length >= 0; length -= 1) {
        const found = built.places.get(JSON.stringify(path.slice(0, length)));
        // Of something that is not there, what lacks it is shown by its key.
        if (found) return place(length === path.length && part === 'value' ? found.value : found.key);
      }
      return { line: 1, column: 1 };
    },
  };
}

/** A line starting with a tab, an unclosed bracket, `a: b: c`: what the parser says, with a hint where it is terse. */
function syntaxMessage(error: YAMLError): string {
  if (error.message.includes('call stack')) return 'lists and maps are nested too deeply'; // it catches some itself
  const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
  const hint = error.code === 'BLOCK_AS_IMPLICIT_KEY' ? '; text that contains ": " must be quoted' : '';
  return message + hint;
}

/** PyYAML refuses them, too: they are never meant, and hide what is written. */
function refuseControlCharacters(text: string, file: string): void {
  const index = text.search(/[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\u{10000}-\u{10ffff}]/u);
  if (index < 0) return;
  const code = (text.codePointAt(index) ?? 0).toString(16).padStart(4, '0');
  throw contentFault(file, countPlace(text, index), `the character U+${code.toUpperCase()} is not allowed`);
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const readable = bytes.toString('utf8');
    throw contentFault(file, countPlace(readable, readable.indexOf('\ufffd')), 'the file is not UTF-8', error);
  }
}

function jsonErrorPlace(text: string, message: string): TextPlace {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return countPlace(text, Number(position));
  if (message.includes('end of JSON input')) return countPlace(text, text.length);
  // Some messages carry only a piece of the text, with the culprit in quotes before it.
  const piece = /"(?:\.\.\.)?(.+?)(?:"\.\.\.|")? is not valid JSON$/s.exec(message)?.[1];
  return countPlace(text, Math.max(0, piece === undefined ? 0 : text.indexOf(piece)));
}

function countPlace(text: string, offset: number): TextPlace {
  const before = text.slice(0, Math.max(0, offset)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function contentFault(file: string, place: TextPlace, problem: string, cause?: unknown): Fault {
  const where = place.line > 0 ? `${file}:${place.line}:${place.column}` : file;
  return new Fault('invalid_content', `${where}: ${problem}`, { details: { file, ...place, problem }, cause });
}
