// What pages name, and whether it is there. Each checker gives what is wrong in words, and nothing where all agrees.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';

export type Page = Readonly<{ file: string; text: string }>;

/** Two lists that must hold the same names. */
export function differences(what: string, wanted: Iterable<string>, found: Iterable<string>): readonly string[] {
  const [here, there] = [new Set(wanted), new Set(found)];
  return [
    ...[...here].filter((name) => !there.has(name)).map((name) => `${what}: ${name} is missing`),
    ...[...there].filter((name) => !here.has(name)).map((name) => `${what}: ${name} belongs to nothing`),
  ];
}

/** The cells of each row of its tables, heads left out. */
export const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `') || line.startsWith('| ['))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

export const unquoted = (cell: string | undefined): string => (cell ?? '').replace(/^`|`$/g, '');

const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replace(/\s/g, '-');

/** Links to files and headings that are not there. */
export function brokenLinks(pages: readonly Page[], root: string): readonly string[] {
  const headings = new Map(
    pages.map(({ file, text }) => [file, [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading))]),
  );
  return pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
      if (/^https?:/.test(target)) return [];
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(root, to))) return [`${file}: ${target} is not there`];
      const known = anchor === undefined || headings.get(to)?.includes(anchor) === true;
      return known ? [] : [`${file}: ${target} names no heading`];
    }),
  );
}

const folders = 'src|docs|examples|scripts|lab|test|bench|proof|changes|packaging|bin';
const mentioned = new RegExp(`(?<![\\w./~-])(?:${folders})/[\\w./-]*[\\w/]`, 'g');
// `x.md`, `layers/x/` and `VERSION` stand for what somebody will add.
const placeholder = (path: string): boolean => path.split('/').some((part) => /^x[.-]|^x$|[A-Z]{3}/.test(part));

/** Files and folders of the project that a page names and that are not there; ARCHITECTURE.md also names those of `src/`. */
export function missingPaths(pages: readonly Page[], root: string): readonly string[] {
  return pages.flatMap(({ file, text }) => {
    const within =
      file === 'ARCHITECTURE.md' ? [...text.matchAll(/`([\w-]+\/[\w./-]*)`/g)].map(([, path = '']) => path) : [];
    const named = new Set([...[...text.matchAll(mentioned)].map(([path]) => path), ...within]);
    return [...named]
      .filter((path) => !placeholder(path) && !existsSync(join(root, path)) && !existsSync(join(root, 'src', path)))
      .map((path) => `${file}: ${path} is not there`);
  });
}

/** `npm run NAME` and `npm test` where package.json has no such script. */
export function missingScripts(pages: readonly Page[], scripts: readonly string[]): readonly string[] {
  return pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\bnpm (?:run (?:-{1,2}[\w-]+ )*([\w:-]+)|(test)\b)/g)]
      .map(([, named, test]) => named ?? test ?? '')
      .filter((name) => !scripts.includes(name))
      .map((name) => `${file}: npm run ${name} is no script of package.json`),
  );
}

/** `holdfast …` as a page or a fault's remedy has it: commands and options that the command line does not know. */
export function unknownCommands(pages: readonly Page[], program: Command): readonly string[] {
  return pages.flatMap(({ file, text }) => {
    const inline = [...text.matchAll(/\\?`holdfast ((?:(?!\\?`)[^\n])+)\\?`/g)];
    const lines = [...text.matchAll(/^(?:\$ )?holdfast ([^\n]+)$/gm)];
    return [...inline, ...lines].flatMap(([, typed = '']) =>
      typedProblems(typed.replace(/\s+#.*$/, ''), program).map((problem) => `${file}: holdfast ${typed}: ${problem}`),
    );
  });
}

function typedProblems(typed: string, program: Command): readonly string[] {
  const words = typed
    .split(/\s+/)
    .map((word) => word.replace(/^\[|[\],.;:]+$/g, ''))
    .filter((word) => word !== '');
  const problems: string[] = [];
  let command: Command | undefined;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (['|', '>', '&&', '||'].includes(word)) break;
    if (word.startsWith('-')) {
      const options = [...program.options, ...(command?.options ?? [])];
      const option = options.find(({ long, short }) => word === long || word === short);
      if (option === undefined && word !== '--help') problems.push(`${word} is no option of it`);
      if (option?.required === true) index += 1;
    } else if (command === undefined) {
      // COMMAND, `options` in brackets and an ellipsis stand for any.
      if (!/^[a-z]+(-[a-z]+)*$/.test(word) || word === 'options') break;
      command = program.commands.find((one) => one.name() === word);
      if (command === undefined) return [...problems, `${word} is no command`];
    }
  }
  return problems;
}
