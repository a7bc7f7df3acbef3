// From the text of a file to a tree of nodes that know where they stand, within bounds that hold while it is read: the
// library builds its tree by recursion, and a few megabytes of brackets would otherwise end the process.
import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml';
import { yamlWords } from './yaml-words.ts';

export const limits = {
  bytesInAFile: 4 * 1024 * 1024,
  bytesInAll: 16 * 1024 * 1024,
  filesInAll: 256,
  includesInARow: 8,
  depth: 64,
  /** the pieces a file falls into; a value with its key is about six of them */
  pieces: 1_500_000,
  /** values that aliases (*) may repeat, all together */
  repeated: 10_000,
} as const;

export type Flaw = Readonly<{ offset: number; says: string }>;
export type YamlText = Readonly<{
  lines: LineCounter;
  root: Document.Parsed['contents'] | null;
  flaws: readonly Flaw[];
}>;

// The parser holds every collection that is still open, and a mapping within a list twice.
const mostOpen = limits.depth * 2;

function tokensOf(text: string, lines: LineCounter): CST.Token[] | Flaw {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let pieces = 0;
  lines.addNewLine(0);
  for (const piece of new Lexer().lex(text)) {
    pieces += 1;
    if (pieces > limits.pieces)
      return { offset: parser.offset, says: 'holds more than a file may; split it with include' };
    tokens.push(...parser.next(piece));
    if (parser.stack.length > mostOpen)
      return { offset: parser.offset, says: `is nested more than ${limits.depth} deep; no estate needs that` };
  }
  tokens.push(...parser.end());
  return tokens;
}

const tooManyDocuments = (document: Document.Parsed): Flaw => ({
  offset: document.range[0],
  says: yamlWords.MULTIPLE_DOCS,
});

export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const tokens = tokensOf(text, lines);
  if (!Array.isArray(tokens)) return { lines, root: null, flaws: [tokens] };
  const directive = tokens.find((token) => token.type === 'directive');
  const options = { uniqueKeys: false, prettyErrors: false, version: '1.2', schema: 'core', merge: false } as const;
  const [document, ...others] = new Composer(options).compose(tokens);
  const flaws = [
    ...(directive === undefined ? [] : [{ offset: directive.offset, says: yamlWords.BAD_DIRECTIVE }]),
    ...(document?.errors ?? []).map(({ pos, code }) => ({ offset: pos[0], says: yamlWords[code] })),
    ...others.slice(0, 1).map(tooManyDocuments),
  ];
  return { lines, root: document?.contents ?? null, flaws };
}
