// Everything that is wrong with a file, told at once: a fault whose lines each name a place an editor can jump to.
import { type Exit, Fault, type FaultRecord } from '../fault.ts';
import { count, cut, shown } from '../values/text.ts';

export type Path = readonly (string | number)[];

export type Problem = Readonly<{
  file: string;
  /** both count from 1 */
  line: number;
  column: number;
  /** as in `pbs[0].datastores[1].name`; empty where the file as a whole is meant */
  path: string;
  /** what is wrong, then, behind a semicolon, what to do */
  says: string;
}>;

/** A problem on its way to its place: the path says where, `at` whether the key or the value is meant. */
export type Remark = Readonly<{ path: Path; at: 'key' | 'value'; says: string }>;
export const remark = (path: Path, says: string, at: Remark['at'] = 'value'): Remark => ({ path, at, says });

export const showPath = (path: Path): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${cut(shown(part), 64)}`))
    .join('');

export const placeText = ({ file, line, column }: Pick<Problem, 'file' | 'line' | 'column'>): string =>
  `${shown(file)}:${line}:${column}`;

export const problemText = (problem: Problem): string =>
  `${placeText(problem)} ${problem.path === '' ? '' : `${problem.path}: `}${problem.says}`;

/** In the order in which a reader of the files meets them, each once. */
function sorted(problems: readonly Problem[]): readonly Problem[] {
  const byText = new Map(problems.map((problem) => [problemText(problem), problem]));
  const files = [...new Set(problems.map(({ file }) => file))];
  const order = (one: Problem, other: Problem) =>
    files.indexOf(one.file) - files.indexOf(other.file) || one.line - other.line || one.column - other.column;
  return [...byText.values()].sort(order);
}

// A person mends the first hundred and reads again; a program takes them all from `problems`.
const mostShown = 100;

export class InvalidFile extends Fault {
  readonly problems: readonly Problem[];

  constructor(code: string, parts: Readonly<{ where: string; problems: readonly Problem[]; exit: Exit }>) {
    // Names and texts of the file are quoted here and there; none of them may reach a terminal as it is.
    const problems = sorted(parts.problems.map((problem) => ({ ...problem, says: shown(problem.says) })));
    const hidden = problems.length - mostShown;
    const lines = problems.slice(0, mostShown).map(problemText);
    super(code, {
      where: parts.where,
      says: [...lines, ...(hidden > 0 ? [`and ${count(hidden, 'more problem')}`] : [])].join('\n'),
      remedy: `correct ${problems.length === 1 ? 'this line' : 'these lines'}; nothing was contacted and nothing was changed`,
      exit: parts.exit,
    });
    this.problems = problems;
  }

  override toJSON(): FaultRecord & Readonly<{ problems: readonly Problem[] }> {
    return { ...super.toJSON(), problems: this.problems };
  }
}
