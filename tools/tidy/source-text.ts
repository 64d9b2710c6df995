/**
 * A source file taken apart just far enough for the checks of tidy: code without comments and texts, the comments, the
 * imports. Not a parser: it knows where texts, templates, patterns and comments begin and end, and nothing of grammar.
 */

export interface Comment {
  readonly line: number;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone at run time. */
  readonly isType: boolean;
}

export interface SourceText {
  readonly path: string;
  readonly text: string;
  /** As long as `text`, with everything inside comments, texts and patterns blanked; line breaks stay. */
  readonly code: string;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
}

const wordsBeforePattern = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'else',
  'do',
  'await',
]);

export function readSource(path: string, text: string): SourceText {
  const code = [...blank(text)];
  const comments: Comment[] = [];
  // One entry for each template we are inside of: how many braces are open in its current `${ }`.
  const templates: number[] = [];
  let last = ''; // the code before this place without white space: enough of it to tell a division from a pattern
  let at = 0;

  const keep = (length: number) => {
    for (let index = at; index < at + length; index += 1) code[index] = text[index] ?? '';
    const kept = text.slice(at, at + length);
    last = /\s/.test(kept) ? `${last} ` : last + kept;
    if (last.length > 40) last = last.slice(-20);
    at += length;
  };
  const skipTemplate = () => {
    while (at < text.length && text[at] !== '`') {
      if (text.startsWith('${', at)) {
        templates.push(0);
        keep(2);
        return;
      }
      at += text[at] === '\\' ? 2 : 1;
    }
    keep(1);
  };

  while (at < text.length) {
    const char = text[at] ?? '';
    if (text.startsWith('//', at) || text.startsWith('/*', at) || (at === 0 && text.startsWith('#!'))) {
      const isBlock = text.startsWith('/*', at);
      const end = isBlock ? text.indexOf('*/', at + 2) + 2 : text.indexOf('\n', at);
      const stop = end <= (isBlock ? 1 : -1) ? text.length : end;
      comments.push({ line: lineAt(text, at), text: text.slice(at, stop) });
      at = stop;
    } else if (char === "'" || char === '"') {
      keep(1);
      // A text ends with its line at the latest: an apostrophe in the prose of a page must not swallow the file.
      while (at < text.length && text[at] !== char && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
      keep(1);
    } else if (char === '`') {
      keep(1);
      skipTemplate();
    } else if (char === '/' && isPatternNext(last)) {
      keep(1);
      let inClass = false;
      while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
        if (text[at] === '[') inClass = true;
        if (text[at] === ']') inClass = false;
        at += text[at] === '\\' ? 2 : 1;
      }
      keep(1);
    } else if (templates.length > 0 && (char === '{' || char === '}')) {
      const depth = (templates.at(-1) ?? 0) + (char === '{' ? 1 : -1);
      keep(1);
      if (depth < 0) {
        templates.pop();
        skipTemplate();
      } else {
        templates[templates.length - 1] = depth;
      }
    } else {
      keep(1);
    }
  }
  const joined = code.join('');
  return { path, text, code: joined, comments, imports: readImports(text, joined) };
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function isPatternNext(before: string): boolean {
  const trimmed = before.trimEnd();
  const word = /[\w$]+$/.exec(trimmed)?.[0];
  if (word !== undefined) return wordsBeforePattern.has(word);
  return !/[)\]}'"`]$/.test(trimmed);
}

function readImports(text: string, code: string): Import[] {
  const imports: Import[] = [];
  // import x from '', import type { } from '', export * from ''; import ''; import('')
  const forms = [
    /\b(?:import|export)(\s+type)?\s*([\w$\s{},*]*?)\sfrom\s*['"]/g,
    /\bimport()()\s*['"]/g,
    /\bimport()()\s*\(\s*['"]/g,
  ];
  for (const form of forms) {
    for (const match of code.matchAll(form)) {
      const start = match.index + match[0].length;
      const end = text.indexOf(text[start - 1] ?? "'", start);
      const names =
        /\{([^}]*)\}/
          .exec(match[2] ?? '')?.[1]
          ?.split(',')
          .filter((name) => name.trim() !== '') ?? [];
      const isType = match[1] !== undefined && match[1] !== '';
      const allTypes = names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
      imports.push({ specifier: text.slice(start, end), line: lineAt(text, match.index), isType: isType || allTypes });
    }
  }
  return imports.sort((a, b) => a.line - b.line);
}

/** The line of a place in the text, from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
