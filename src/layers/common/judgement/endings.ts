// Files that went and came again under a name with another ending: `plan.odt` and `plan.odt.locked`, `plan.odt` and `plan.locked`.
// Pure.

/** A file before and after; without `before` it is new, and nothing that went has its name. */
export type Pair = Readonly<{ before: Buffer | undefined; after: Buffer }>;

/** How many files have got this ending, behind their whole name or in the place of the one they had. */
export type Ending = Readonly<{ ending: string; files: number }>;
/** The commonest first; those that rotation gives are not among them. `all`: files that got any. */
export type Endings = Readonly<{ all: number; commonest: readonly Ending[] }>;

type Paths = Readonly<{ from: Buffer; path: Buffer }>;
export type Named = Readonly<{ endings: Endings; pairs: readonly Pair[]; unpaired: readonly Buffer[] }>;

/** The flags of a mail stand behind its name, too (`...:2,S`). */
const isEnding = /^[^:,=]{1,64}$/;

/** What programs add when they put a file aside; that a `.gz` is no gzip is for its content to say. */
const rotation = /^(\d{1,3}|\d{8}([-.]?\d+)?|gz|bz2|xz|zst|lz4|Z|old|bak|orig|prev|tmp|part|swp|[^.]*~)$/;

export function endings(went: ReadonlyMap<string, Buffer>, came: readonly Buffer[], moved: readonly Paths[]): Named {
  const stems = new Map<string, string>();
  for (const name of went.keys()) stems.set(parts(name).stem, name);
  const counts = new Map<string, number>();
  const pairs: Pair[] = [];
  const unpaired: Buffer[] = [];
  const used = new Set<string>();
  for (const path of came) {
    const { stem, ending } = parts(path.toString('latin1'));
    const former = ending === '' ? undefined : went.has(stem) ? stem : stems.get(stem);
    const before = former === undefined || used.has(former) ? undefined : went.get(former);
    if (former === undefined || before === undefined) {
      unpaired.push(path);
      continue;
    }
    used.add(former);
    pairs.push({ before, after: path });
    note(counts, ending);
  }
  for (const { from, path } of moved) {
    const [former, now] = [from.toString('latin1'), parts(path.toString('latin1'))];
    if (
      now.ending !== '' &&
      now.ending !== parts(former).ending &&
      (now.stem === former || now.stem === parts(former).stem)
    )
      note(counts, now.ending);
  }
  const commonest = [...counts]
    .map(([ending, files]) => ({ ending, files }))
    .sort((one, other) => other.files - one.files);
  const all = commonest.reduce((sum, { files }) => sum + files, 0);
  return { endings: { all, commonest: commonest.slice(0, 5) }, pairs, unpaired };
}

function parts(name: string): Readonly<{ stem: string; ending: string }> {
  const [slash, dot] = [name.lastIndexOf('/'), name.lastIndexOf('.')];
  return dot <= slash + 1 ? { stem: name, ending: '' } : { stem: name.slice(0, dot), ending: name.slice(dot + 1) };
}

function note(counts: Map<string, number>, ending: string): void {
  if (isEnding.test(ending) && !rotation.test(ending)) counts.set(ending, (counts.get(ending) ?? 0) + 1);
}
