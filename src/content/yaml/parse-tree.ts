/**
 * The syntax tree of a text, with two allowances PyYAML makes and our parser does not. Inside quotes and inside [ ] and
 * { } PyYAML does not look at indentation at all, and real packs close such things in any column. And where the text
 * ends without a line break, so does a block scalar that ends it.
 */
import { type Document, LineCounter, parseAllDocuments, visit } from 'yaml';

export interface SyntaxTree {
  readonly documents: readonly Document.Parsed[];
  /** Line and column of an offset in the tree, both counted from 1. */
  place(offset: number): { line: number; column: number };
}

/**
 * Each line that must be moved costs a parse of the whole text. Files of packs have a few such lines and a few thousand
 * characters; this much parsing takes about a second.
 */
const reparsedCharactersMax = 10_000_000;

/** Syntax errors are in the documents. Throws RangeError where the text is nested too deeply for the parser. */
export function parseTree(text: string): SyntaxTree {
  const first = parse(text, new Map());
  let tree = first;
  let current = text;
  const shifts = new Map<number, number>();
  for (let spent = text.length; spent < reparsedCharactersMax; spent += current.length) {
    const offset = misplacedLine(tree, current);
    if (offset === undefined) break;
    const { line } = tree.place(offset);
    const shift = widestIndent(current) + 2;
    if (shifts.has(line)) break; // moved once, and still not right
    shifts.set(line, shift);
    current = `${current.slice(0, offset)}${' '.repeat(shift)}${current.slice(offset)}`;
    tree = parse(current, shifts);
  }
  // Where it did not help, the first report is the one about the text as it was written.
  const best = tree.documents.some((document) => document.errors.length > 0) ? first : tree;
  if (!text.endsWith('\n')) endAsWritten(best.documents, best === first ? text.length : current.length);
  return best;
}

function parse(text: string, shifts: ReadonlyMap<number, number>): SyntaxTree {
  const lineCounter = new LineCounter();
  // Failsafe: all scalars stay text, and `construct` gives them PyYAML's meaning.
  const options = { version: '1.1', schema: 'failsafe', uniqueKeys: false, prettyErrors: false } as const;
  const documents = [...parseAllDocuments(text, { ...options, logLevel: 'silent', lineCounter })];
  return {
    documents,
    place(offset) {
      const { line, col } = lineCounter.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col - (shifts.get(line) ?? 0)) };
    },
  };
}

/** Start of the line that ended a quoted text or a flow collection by standing too far left. */
function misplacedLine(tree: SyntaxTree, text: string): number | undefined {
  const error = tree.documents.find((document) => document.errors.length > 0)?.errors[0];
  if (error === undefined) return undefined;
  if (error.code === 'MISSING_CHAR' && error.message.endsWith('quote')) {
    const next = text.indexOf('\n', error.pos[0]); // reported at the end of the line before
    return next < 0 || next + 1 >= text.length ? undefined : next + 1;
  }
  if (error.code === 'BAD_INDENT' && error.message.startsWith('Flow'))
    return text.lastIndexOf('\n', error.pos[0] - 1) + 1;
  return undefined;
}

function widestIndent(text: string): number {
  return text.split('\n').reduce((widest, line) => Math.max(widest, line.length - line.trimStart().length), 0);
}

/** The parser ends each block scalar with a line break, PyYAML only where there is one. */
function endAsWritten(documents: readonly Document.Parsed[], end: number): void {
  for (const document of documents)
    visit(document, {
      Scalar(_key, node) {
        const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
        if (isBlock && node.range?.[1] === end && typeof node.value === 'string')
          node.value = node.value.replace(/\n$/, '');
      },
    });
}
