// The words of a command of LVM: options with their values, in the spellings that LVM takes (`-kn`, `-k n`, `--addtag T`), and the rest.

export type Words = Readonly<{
  plain: readonly string[];
  /** the last value of an option by its name with its dashes; '' where it takes none */
  options: ReadonlyMap<string, string>;
  addTags: readonly string[];
  dropTags: readonly string[];
}>;

/** What ends a command: its exit code, and what it says on standard error. */
export class Failed extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, says: string) {
    super(says);
    this.exitCode = exitCode;
  }
}

const withValue = new Set(
  ['-n', '-k', '-S', '-o', '-L', '-a', '-p', '--name', '--select', '--options', '--size', '--activate'].concat([
    '--reportformat',
    '--units',
    '--addtag',
    '--deltag',
    '--setautoactivation',
  ]),
);
const without = new Set([
  '-s',
  '-f',
  '-K',
  '-y',
  '-q',
  '-qq',
  '-c',
  '-C',
  '--noheadings',
  '--snapshot',
  '--yes',
  '--force',
  '--',
]);
const short: Readonly<Record<string, string>> = {
  '--name': '-n',
  '--select': '-S',
  '--options': '-o',
  '--size': '-L',
  '--activate': '-a',
  '--snapshot': '-s',
};

/** lvm(8) */
const tag = /^[A-Za-z0-9_+.][A-Za-z0-9_+.\-/=!:&#]{0,1023}$/;

export function wordsOf(argv: readonly string[]): Words {
  const plain: string[] = [];
  const options = new Map<string, string>();
  const addTags: string[] = [];
  const dropTags: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-')) {
      plain.push(word);
      continue;
    }
    const attached = /^(-[nkSoLap])(.+)$/.exec(word);
    const [name, value] = attached === null ? [word, undefined] : [attached[1] ?? '', attached[2]];
    if (without.has(word)) options.set(short[word] ?? word, '');
    else if (withValue.has(name)) note(name, value ?? rest.shift());
    else throw new Failed(3, `Unrecognised option ${word}: the lab's LVM does not act it out.`);
  }
  return { plain, options, addTags, dropTags };

  function note(name: string, value: string | undefined): void {
    if (value === undefined) throw new Failed(3, `Option ${name} requires an argument.`);
    if (name === '--addtag' || name === '--deltag') {
      if (!tag.test(value)) throw new Failed(3, `Invalid argument for ${name}: ${value}`);
      (name === '--addtag' ? addTags : dropTags).push(value);
    } else options.set(short[name] ?? name, value);
  }
}
