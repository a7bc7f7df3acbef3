// Texts that were made to hurt whoever reads them. Each must be told from an estate quickly, whatever its size.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsIn } from './estate.test-support.ts';
import { limits, readYaml } from './yaml-text.ts';

const most = limits.bytesInAFile;

const nested: Readonly<Record<string, string>> = {
  'brackets that never close': '['.repeat(most),
  'braces that never close': '{'.repeat(most),
  'a list in a list in a list, in one line': '- '.repeat(most / 2),
  'a key in a key in a key, in one line': '? '.repeat(most / 2),
  'a mapping in a mapping, line by line': Array.from({ length: 2800 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(
    '',
  ),
};

const crowded: Readonly<Record<string, string>> = {
  commas: `[${','.repeat(most - 2)}]`,
  'empty lines': '\n'.repeat(most - 1),
  keys: Array.from({ length: 300_000 }, (_, index) => `k${index}: 1\n`).join(''),
};

describe('a text that was made to hurt', () => {
  for (const [what, text] of Object.entries(nested))
    it(`is refused: ${what}`, () => assert.match(readYaml(text).flaws[0]?.says ?? '', /nested more than 64 deep/));

  for (const [what, text] of Object.entries(crowded))
    it(`is refused: ${what}`, () => assert.match(readYaml(text).flaws[0]?.says ?? '', /more than a file may/));

  it('is refused for many directives once', () =>
    assert.equal(readYaml('%YAML 1.1\n'.repeat(1000)).flaws.filter(({ says }) => says.includes('%')).length, 1));

  it('is refused where aliases double again and again, before anything is doubled', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `l${index + 1}: &l${index + 1} [*l${index}, *l${index}]\n`);
    const problems = await problemsIn(`l0: &l0 [x]\n${lines.join('')}`);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', /aliases \(\*\) repeat more than 10000 values/);
  });

  it('is refused in a moment where thousands of keys are wrong, the first hundred shown', async () => {
    const problems = await problemsIn(`workloads:\n${'  - { nam: x }\n'.repeat(2000)}`);
    assert.equal(problems.length, 4000);
  });
});

describe('a text that is long and well', () => {
  it('is read: ten thousand entries', async () => {
    const entries = Array.from(
      { length: 10_000 },
      (_, index) => `  - { name: w${index}, tier: gold, description: "entry ${index}" }\n`,
    );
    assert.deepEqual(await problemsIn(`estate: a\ntiers: [{ name: gold }]\nworkloads:\n${entries.join('')}`), []);
  });

  it('is read as deep as estates are', () => {
    const text = Array.from({ length: 50 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('');
    assert.deepEqual(readYaml(text).flaws, []);
  });
});
