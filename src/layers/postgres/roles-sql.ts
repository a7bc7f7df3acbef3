// Of the roles of a server as pg_dumpall writes them, those statements that make some of them. Those that are there already are not
// touched: their passwords are newer than the dump. Pure.
const name = '("(?:[^"]|"")*"|[^\\s";]+)';
const ofRole = new RegExp(`^(?:CREATE|ALTER|COMMENT ON) ROLE ${name}`);
const ofMembership = new RegExp(`^GRANT ${name} TO ${name}`);

/** A statement ends with a `;` at the end of its line; the text of a comment may have lines of its own. */
function* statementsIn(text: string): Generator<string> {
  let waiting = '';
  for (const line of text.split('\n')) {
    if (waiting === '' && (line === '' || line.startsWith('--') || line.startsWith('\\'))) continue;
    waiting = waiting === '' ? line : `${waiting}\n${line}`;
    if (!line.endsWith(';') || (waiting.match(/'/g)?.length ?? 0) % 2 === 1) continue;
    yield waiting;
    waiting = '';
  }
}

const bare = (written: string | undefined): string =>
  written?.startsWith('"') === true ? written.slice(1, -1).replaceAll('""', '"') : (written ?? '');

export function statementsFor(text: string, missing: readonly string[]): readonly string[] {
  const wanted = new Set(missing);
  return [...statementsIn(text)].filter((statement) => {
    const role = ofRole.exec(statement);
    if (role !== null) return wanted.has(bare(role[1]));
    const membership = ofMembership.exec(statement);
    return membership !== null && (wanted.has(bare(membership[1])) || wanted.has(bare(membership[2])));
  });
}
