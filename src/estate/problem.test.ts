import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidFile, type Problem, problemText, showPath } from './problem.ts';

const problem = (line: number, file = 'estate.yaml'): Problem => ({
  file,
  line,
  column: 3,
  path: `tiers[${line}]`,
  says: 'is wrong',
});
const invalid = (problems: readonly Problem[]) =>
  new InvalidFile('estate-invalid', { where: 'estate.yaml', problems, exit: 'invalid' });

describe('everything that is wrong with a file', () => {
  it('is told in the order of the lines, each thing once', () => {
    const { says } = invalid([problem(7), problem(2), problem(7), problem(1, 'more.yaml')]);
    assert.deepEqual(says.split('\n'), [
      'estate.yaml:2:3 tiers[2]: is wrong',
      'estate.yaml:7:3 tiers[7]: is wrong',
      'more.yaml:1:3 tiers[1]: is wrong',
    ]);
  });

  it('is told to people a hundred at a time, and to programs as a whole', () => {
    const fault = invalid(Array.from({ length: 130 }, (_, index) => problem(index + 1)));
    assert.equal(fault.says.split('\n').length, 101);
    assert.match(fault.says, /and 30 more problems$/);
    assert.equal(fault.toJSON().problems.length, 130);
  });

  it('cannot play tricks on a terminal by the name of a key', () =>
    assert.equal(showPath(['a\u001b[2J', 0, 'b\n']), 'a\\u001b[2J[0].b\\u000a'));

  it('cannot play tricks on a terminal by what is quoted either', () =>
    assert.match(
      invalid([{ ...problem(1), says: 'names "\u001b]0;x\u0007\u202e"' }]).says,
      /names "\\u001b]0;x\\u0007\\u202e"$/,
    ));

  it('is a line an editor can jump to', () =>
    assert.equal(problemText({ ...problem(4), path: '' }), 'estate.yaml:4:3 is wrong'));
});
