// Where canaries go and what they are called: whoever goes through a tree in order, forwards or backwards, from the top or from the
// bottom, meets one early. Pure.

export type Folder = Readonly<{
  /** from the root of the tree, '' for the root */
  path: string;
  /** of what lies in it */
  names: readonly string[];
}>;

export type Spot = Readonly<{ folder: string; name: string }>;

const topics = [
  'budget',
  'contract',
  'insurance',
  'invoices',
  'minutes',
  'offer',
  'passwords',
  'salaries',
  'taxes',
  'warranty',
];
const endings = ['rtf', 'csv', 'txt', 'xml'];
/** Each sorts before the one behind it, whatever case counts. */
const early = ['account ', '2014 ', '00 ', '!', ' '];
const late = ['zz old ', 'zzz ', '~'];

/** So many folders of those there are: the way down to the first and to the last one, and others spread between. */
export function chosenFolders(all: readonly string[], most: number): readonly string[] {
  const sorted = [...all].sort(byBytes);
  const down = (pick: (names: readonly string[]) => string | undefined): string[] => {
    const way = [''];
    for (let at: string | undefined = ''; at !== undefined && way.length < 4; ) {
      at = pick(sorted.filter((path) => path !== '' && parentOf(path) === way.at(-1)));
      if (at !== undefined) way.push(at);
    }
    return way;
  };
  const ends = [...new Set([...down((names) => names[0]), ...down((names) => names.at(-1))])];
  const others = sorted.filter((path) => !ends.includes(path));
  const room = Math.max(0, most - ends.length);
  const step = Math.max(1, others.length / Math.max(1, room));
  const spread = Array.from({ length: Math.min(room, others.length) }, (_, at) => others[Math.floor(at * step)] ?? '');
  return [...new Set([...ends, ...spread])].slice(0, most);
}

/** One that sorts before all there is in the folder, one that sorts behind it. */
export function spotsIn({ path, names }: Folder, number: number): readonly Spot[] {
  const sorted = [...names].sort(byBytes);
  const [first, last] = [sorted[0], sorted.at(-1)];
  const topic = (turn: number): string =>
    `${topics[(number * 3 + turn) % topics.length]} ${2012 + ((number * 5 + turn) % 12)}.${endings[(number + turn) % endings.length]}`;
  const begin = (early.find((prefix) => first === undefined || byBytes(`${prefix}${topic(0)}`, first) < 0) ??
    early.at(-1)) as string;
  const end = (late.find((prefix) => last === undefined || byBytes(`${prefix}${topic(1)}`, last) > 0) ??
    late.at(-1)) as string;
  return [
    { folder: path, name: `${begin}${topic(0)}` },
    { folder: path, name: `${end}${topic(1)}` },
  ].filter(({ name }) => !names.includes(name));
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
