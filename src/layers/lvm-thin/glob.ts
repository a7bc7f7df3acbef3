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
    return `[${part.startsWith('[!') ? '^' : ''}${part.slice(part.startsWith('[!') ? 2 : 1, -1).replace(/[\\^\]]/g, '\\$&')}]`;
  return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
