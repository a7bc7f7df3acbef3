// What the YAML library reports, in our own words: its own quote the file, which may hold a secret somebody put there.
import type { ErrorCode } from 'yaml';

const indent = 'is not lined up with what it belongs to, or a bracket before it was not closed';
const quotes = 'cannot be read as a plain text; put it in double quotes';

export const yamlWords: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*) cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'an alias (*) must name an anchor (&) that stands before it',
  BAD_COLLECTION_TYPE: 'a tag changes what this is; take the tag away',
  BAD_DIRECTIVE: 'a % line is not used here; remove it',
  BAD_DQ_ESCAPE: 'has a backslash with no meaning in double quotes; write it twice, or use single quotes',
  BAD_INDENT: indent,
  BAD_PROP_ORDER: 'an anchor or a tag stands in the wrong place',
  BAD_SCALAR_START: quotes,
  BLOCK_AS_IMPLICIT_KEY: 'has a second colon in one line; put the value in double quotes, or on lines of its own',
  BLOCK_IN_FLOW: 'a list or mapping in brackets cannot hold one written with indentation',
  DUPLICATE_KEY: 'is there twice; keep one of them',
  IMPOSSIBLE: 'cannot be read',
  KEY_OVER_1024_CHARS: 'is longer than a key can be',
  MISSING_CHAR: 'ends too early: a bracket, a quote, a comma or a blank behind the colon is missing',
  MULTILINE_IMPLICIT_KEY: 'runs over more than one line where a key belongs; is a colon missing?',
  MULTIPLE_ANCHORS: 'has more than one anchor',
  MULTIPLE_DOCS: 'begins a second document; a file is one document, so remove the --- line',
  MULTIPLE_TAGS: 'has more than one tag',
  NON_STRING_KEY: 'is no text, and a key must be one; put it in quotes',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'is indented with a tab; use blanks',
  TAG_RESOLVE_FAILED: 'has a tag; tags (!) are not used here, so take it away',
  UNEXPECTED_TOKEN: 'was not expected here; is a colon, a dash, a quote or a bracket missing?',
};
