// What must agree does: the source, what it prints, and what the pages say of it. Beside each agreement stands something that
// does not agree, which must be caught.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { commandsPage, program } from '../scripts/docs/commands.ts';
import { exitCodes } from '../src/fault.ts';
import { kinds } from '../src/kinds.ts';
import { answerProblems } from './agreements/answers.ts';
import { type FaultCodes, faultCodes } from './agreements/fault-codes.ts';
import {
  brokenLinks,
  differences,
  missingPaths,
  missingScripts,
  type Page,
  rowsOf,
  unknownCommands,
  unquoted,
} from './agreements/pages.ts';
import { everythingPrinted, isFault, type Printed } from './agreements/printed.ts';
import { canMount } from './e2e/estate.test-support.ts';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pageOf = (file: string): Page => ({ file, text: read(file) });
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', 'changes/*.md'], { cwd: root }).sort().map(pageOf);
const sources = globSync('{src,lab}/**/*.ts', { cwd: root }).filter((file) => !/\.test(-support)?\.ts$/.test(file));
const manifest = JSON.parse(read('package.json')) as Record<
  'scripts' | 'dependencies' | 'devDependencies',
  Record<string, string>
>;
const line = program();
const a = (text: string): readonly Page[] => [{ file: 'README.md', text }];

/** Faults of the source without a line in the page, lines without a fault, and lines with another exit code. */
function faultProblems({ found, unreadable }: FaultCodes, page: string): readonly string[] {
  const rows = rowsOf(page).map((row) => ({ code: unquoted(row[0]), exits: row.at(-1) ?? '' }));
  const exits = Map.groupBy(found, ({ code }) => code);
  const numbers = (text: string) => text.split(', ').sort().join(', ');
  const wrong = rows.filter(({ code, exits: said }) => {
    const real = new Set((exits.get(code) ?? []).map(({ exit }) => String(exitCodes[exit as keyof typeof exitCodes])));
    return real.size > 0 && numbers(said) !== numbers([...real].join(', '));
  });
  const twice = rows.filter(({ code }, index) => rows.findIndex((row) => row.code === code) !== index);
  return [
    ...unreadable.map((place) => `${place}: no code can be read there`),
    ...differences(
      'faults.md',
      exits.keys(),
      rows.map(({ code }) => code),
    ),
    ...wrong.map(({ code, exits: said }) => `faults.md: ${code} does not exit with ${said}`),
    ...twice.map(({ code }) => `faults.md: ${code} stands there twice`),
  ];
}

describe('faults', () => {
  // One look at the whole source, with a file more that holds faults which no page has.
  const control = 'src/control.ts';
  const all = faultCodes(root, sources, {
    [control]: `
      import { Fault } from './fault.ts';
      const table: Record<string, readonly [code: string, says: string]> = { one: ['control-in-table', 'x'] };
      const made = (code: string) => new Fault(code, { where: 'x', says: 'x', remedy: 'x', exit: 'locked' });
      export const refusal = { code: 'control-refusal', says: 'x', remedy: 'x' };
      export const spread = { ...{ subject: 'x', code: 'control-spread' }, says: 'x', remedy: 'x' };
      export const some = [made('control-argument'), table, new Fault(String(1), { where: '', says: '', remedy: '' })];`,
  });
  const real = {
    found: all.found.filter(({ file }) => file !== control),
    unreadable: all.unreadable.filter((place) => !place.startsWith(control)),
  };

  it('have a line each in faults.md, with what they exit with, and no line is of a fault that is gone', () => {
    assert.ok(real.found.length > 100, 'the faults were found at all');
    assert.deepEqual(faultProblems(real, read('docs/reference/faults.md')), []);
  });

  it('would be missed in a table, an argument or a refusal, and where they cannot be read (control)', () => {
    const found = all.found.filter(({ file }) => file === control);
    assert.deepEqual(faultProblems({ ...all, found }, '').toSorted(), [
      'faults.md: control-argument is missing',
      'faults.md: control-in-table is missing',
      'faults.md: control-refusal is missing',
      'faults.md: control-spread is missing',
      'src/control.ts: String(1): no code can be read there',
    ]);
    const page = '| `control-argument` | 1 |\n| `gone` | 1 |\n| `gone` | 1 |\n';
    const one = { found: all.found.filter(({ code }) => code === 'control-argument'), unreadable: [] };
    assert.deepEqual(faultProblems(one, page), [
      'faults.md: gone belongs to nothing',
      'faults.md: control-argument does not exit with 1',
      'faults.md: gone stands there twice',
    ]);
  });
});

describe('kinds', () => {
  const pagesOf = (folder: string) =>
    globSync(`docs/${folder}/*.md`, { cwd: root }).map((file) => basename(file, '.md'));
  const folders = globSync('src/layers/*/', { cwd: root })
    .map((folder) => basename(folder))
    .filter((folder) => folder !== 'common');

  it('have a page each, and each page has its kind', () => {
    assert.deepEqual(
      [
        ...differences(
          'docs/checks',
          kinds.checks.map(({ name }) => name),
          pagesOf('checks'),
        ),
        ...differences('docs/layers', folders, pagesOf('layers')),
        ...differences(
          'docs/channels',
          kinds.channels.map(({ kind }) => kind),
          pagesOf('channels'),
        ),
      ],
      [],
    );
    const layers = kinds.layers.map(({ kind }) => kind);
    assert.deepEqual(
      layers.filter((kind) => !folders.includes(kind)),
      [],
      'a layer is a folder of its name',
    );
  });

  it('would be missed without a page, and a page without its kind (control)', () => {
    assert.deepEqual(differences('docs/checks', ['one', 'two'], ['two', 'three']), [
      'docs/checks: one is missing',
      'docs/checks: three belongs to nothing',
    ]);
  });
});

describe('commands', () => {
  const names = line.commands.map((command) => command.name());
  const named = (text: string): readonly string[] =>
    rowsOf(text).flatMap(([cell = '']) => [...cell.matchAll(/`([a-z]+(?:-[a-z]+)*)/g)].map(([, name = '']) => name));
  const table = (text: string): string => text.slice(text.indexOf('## Commands'), text.indexOf('Exit codes'));

  const optionProblems = (page: string): readonly string[] =>
    line.commands.flatMap((command) => {
      const [part = ''] = new RegExp(`^## \`${command.name()}\`$[\\s\\S]*?(?=^## )`, 'm').exec(page) ?? [];
      const flags = command.options.map((option) => option.flags);
      return differences(
        `commands.md, ${command.name()}`,
        flags,
        rowsOf(part).map(([cell]) => unquoted(cell)),
      );
    });

  it('stand in commands.md, each with its options and no other, as the command line has them now', () => {
    assert.deepEqual(optionProblems(read('docs/reference/commands.md')), []);
    assert.equal(read('docs/reference/commands.md'), commandsPage(line));
  });

  it('would be missed in commands.md without one of their options (control)', () => {
    const page = commandsPage(line).replace('| `--offline` |', '| `--online` |');
    assert.deepEqual(optionProblems(page), [
      'commands.md, validate: --offline is missing',
      'commands.md, validate: --online belongs to nothing',
    ]);
  });

  it('stand in the README, each of them and no other, and have a schema for what they print', () => {
    assert.deepEqual(differences('README.md', names, named(table(read('README.md')))), []);
    const schemas = globSync('docs/reference/json/*.schema.json', { cwd: root });
    const answers = schemas.map((file) => basename(file, '.schema.json'));
    assert.deepEqual(differences('docs/reference/json', [...names, 'fault'], answers), []);
    const listed = rowsOf(read('docs/reference/json/README.md')).map(([cell]) =>
      unquoted(cell).replace('holdfast ', ''),
    );
    assert.deepEqual(differences('docs/reference/json/README.md', names, listed), []);
  });

  it('would be missed in the README (control)', () => {
    assert.deepEqual(differences('README.md', ['plan', 'apply'], named('| `plan [--out FILE]`, `fly` | x |')), [
      'README.md: apply is missing',
      'README.md: fly belongs to nothing',
    ]);
  });

  it('are named in pages and remedies as they are typed', () => {
    assert.deepEqual(unknownCommands([...pages, ...sources.map(pageOf)], line), []);
  });

  it('would be caught with a name or an option that they do not have (control)', () => {
    const page = 'say `holdfast plan --out FILE`, `holdfast fly`, or\nholdfast --json points --dry-run photos\n';
    assert.deepEqual(unknownCommands(a(page), line), [
      'README.md: holdfast fly: fly is no command',
      'README.md: holdfast --json points --dry-run photos: --dry-run is no option of it',
    ]);
    assert.equal(unknownCommands(a("remedy: 'see \\`holdfast runs --all\\`'"), line).length, 1, 'also within a string');
  });
});

describe('exit codes', () => {
  const named = (text: string): readonly string[] => {
    const [sentence = ''] = /Exit codes: [^.]*/.exec(text) ?? [];
    return [...sentence.matchAll(/\b(\d+) \w+/g)].map(([, code = '']) => code);
  };

  it('are in the README those that the commands end with', () => {
    assert.deepEqual(differences('README.md', Object.values(exitCodes).map(String), named(read('README.md'))), []);
  });

  it('would be caught where one is missing or another stands there (control)', () => {
    const text = 'Exit codes: 0 fine, 1 failed, 2 changes, 3 partly, 64 usage, 65 invalid, 76 locked, 130 interrupted.';
    assert.deepEqual(differences('README.md', Object.values(exitCodes).map(String), named(text)), [
      'README.md: 75 is missing',
      'README.md: 76 belongs to nothing',
    ]);
  });
});

describe('pages', () => {
  it('link to files and headings that are there', () => {
    assert.deepEqual(brokenLinks(pages, root), []);
  });

  it('name files of the project that are there', () => {
    assert.deepEqual(missingPaths(pages, root), []);
  });

  it('name scripts of package.json that are there', () => {
    assert.deepEqual(missingScripts([...pages, pageOf('.ci/run')], Object.keys(manifest.scripts)), []);
  });

  it('would be caught with a link, a path or a script that is not there (control)', () => {
    const text =
      '# A word\n[one](#a-word) [two](#no-word) [three](docs/none.md) `src/none.ts` then npm run fly, npm test';
    assert.deepEqual(
      [...brokenLinks(a(text), root), ...missingPaths(a(text), root), ...missingScripts(a(text), ['test'])],
      [
        'README.md: #no-word names no heading',
        'README.md: docs/none.md is not there',
        'README.md: docs/none.md is not there',
        'README.md: src/none.ts is not there',
        'README.md: npm run fly is no script of package.json',
      ],
    );
  });
});

describe('words', () => {
  const wordsIn = (text: string): readonly string[] =>
    [...text.matchAll(/^\| ([a-z][\w -]*) \|/gm)].map(([, word = '']) => word).filter((word) => word !== 'word');
  const house = (text: string): string => text.slice(text.indexOf('## Words'), text.indexOf('## Ranks'));
  const missing = (words: readonly string[], glossary: string): readonly string[] =>
    words.filter((word) => !wordsIn(glossary).includes(word));

  it('of the house are in the glossary, where each stands once and in its place', () => {
    const glossary = read('docs/reference/glossary.md');
    const words = wordsIn(house(read('ARCHITECTURE.md')));
    assert.ok(words.includes('estate') && words.includes('finding'), 'the words were found at all');
    assert.deepEqual(missing(words, glossary), []);
    assert.deepEqual(wordsIn(glossary), [...new Set(wordsIn(glossary))].sort());
  });

  it('would be missed in the glossary (control)', () => {
    assert.deepEqual(missing(['estate', 'lane'], '| word | means |\n| estate | all |\n'), ['lane']);
  });
});

describe('dependencies', () => {
  const reasons = (text: string): readonly string[] =>
    [...text.slice(0, text.indexOf('From Debian')).matchAll(/`((?:@[\w-]+\/)?[\w-]+)`/g)].map(([, name = '']) => name);
  const direct = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];

  it('have each a reason in dependencies.md, and no reason is of one that is gone', () => {
    assert.deepEqual(differences('docs/dependencies.md', direct, reasons(read('docs/dependencies.md'))), []);
  });

  it('would be missed without a reason (control)', () => {
    assert.deepEqual(
      differences('docs/dependencies.md', ['zod', '@a/b'], reasons('`zod` `left-pad` From Debian `tar`')),
      ['docs/dependencies.md: @a/b is missing', 'docs/dependencies.md: left-pad belongs to nothing'],
    );
  });
});

describe('answers', () => {
  let all: readonly Printed[] = [];
  before(async () => {
    all = await everythingPrinted();
  });
  const schemaOf = (one: Printed): string => (isFault(one) ? 'fault' : one.command);

  it('are what their schemas say, and nothing beside it', () => {
    const problems = all.flatMap((one) =>
      answerProblems(root, schemaOf(one), one.value).map((problem) => `holdfast --json ${one.typed}: ${problem}`),
    );
    assert.deepEqual(problems, []);
  });

  it('were asked of every command, and a fault too', (t) => {
    const seen = new Set(all.map(schemaOf));
    if (!canMount()) {
      t.diagnostic('without root nothing can be mounted: what `restore` prints was not looked at');
      seen.add('restore');
    }
    assert.deepEqual(
      [...line.commands.map((command) => command.name()), 'fault'].filter((name) => !seen.has(name)),
      [],
    );
  });

  it('would be caught with a field too many, too few, or of another type (control)', () => {
    const answer = { dir: '/lab', servers: ['one'] };
    assert.deepEqual(answerProblems(root, 'lab', answer), []);
    for (const wrong of [{ ...answer, more: 1 }, { dir: '/lab' }, { ...answer, servers: 'one' }])
      assert.equal(answerProblems(root, 'lab', wrong).length, 1, JSON.stringify(wrong));
  });
});
