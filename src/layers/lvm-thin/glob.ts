// Patterns of names, as a shell has them: `*`, `?`, `[abc]`, `[!abc]`.

/** The whole name; never a part of it. */
export function matchesGlob(pattern: string, name: string): boolean {
  const parts = pattern.match(/\*|\?|\[!?[^\]]+\]|[\s\S]/g) ?? [];
  return new RegExp(`^${parts.map(asExpression).join('')}$`).test(name);
}

function asExpression(part: string): string {
  if (part === '*') return '.*';
  if (part === '?') return '.';
  if (part.length > 1)
    return part.startsWith('[!') ? `[^${asSet(part.slice(2, -1))}]` : `[${asSet(part.slice(1, -1))}]`;
  return exactly(part);
}

/** Letters and ranges; a range from its end to its beginning holds nothing, as in a shell. */
const asSet = (letters: string): string =>
  letters.replace(/([\s\S])-([\s\S])|[\s\S]/g, (one: string, from?: string, to?: string) => {
    if (from === undefined || to === undefined) return exactly(one);
    return from <= to ? `${exactly(from)}-${exactly(to)}` : '';
  });

const exactly = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
