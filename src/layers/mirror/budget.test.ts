// How much a run may displace, from what it would.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { weigh } from './budget.ts';
import type { There } from './states.ts';

const file = (over: Partial<There> = {}): There => ({
  ...{
    type: 'file',
    mode: '644',
    uid: 0,
    gid: 0,
    size: 1,
    modified: '1.000000',
    links: 1,
    file: '7',
    files: 0,
    bytes: 0,
    room: 0,
  },
  ...over,
});
const gone = (count: number, state = file()) =>
  Array.from({ length: count }, (_, n) => ({ path: `f${n}`, before: `f${n}`, state }));
const none = { displaced: [], bring: [], renamed: [] };
const nobody = new Set<string>();

describe('the budget of a run', () => {
  it('is so many percent of the files, one at least, and none where it is 0', () => {
    const over = (count: number, files: number, percent: number) =>
      weigh({ ...none, displaced: gone(count) }, files, percent, nobody).over;
    assert.deepEqual([over(10, 100, 10), over(11, 100, 10)], [false, true]);
    assert.deepEqual([over(1, 3, 10), over(2, 3, 10), over(1, 3, 0)], [false, true, true]);
  });

  it('counts all files of a folder, what another thing comes in the place of, and no file that has only another name', () => {
    const folder = file({ type: 'folder', files: 40 });
    assert.equal(weigh({ ...none, displaced: gone(1, folder) }, 100, 10, nobody).removed, 40);
    const replaces = { before: 'a', state: file() };
    const bring = [{ path: 'a', state: file({ size: 2 }), replaces }];
    assert.equal(weigh({ ...none, bring }, 100, 10, nobody).overwritten, 1);
    const attributes = [{ path: 'a', state: file({ mode: '600' }), replaces }];
    assert.equal(weigh({ ...none, bring: attributes }, 100, 10, nobody).overwritten, 0);
    const renamed = [{ from: 'f0', to: 'g' }];
    assert.equal(weigh({ ...none, displaced: gone(2), renamed }, 100, 10, nobody).removed, 1);
  });

  it('does not count what was agreed to, and counts what else goes', () => {
    const agreed = new Set(gone(30).map(({ before }) => before));
    assert.equal(weigh({ ...none, displaced: gone(40) }, 100, 10, agreed).over, false);
    assert.equal(weigh({ ...none, displaced: gone(41) }, 100, 10, agreed).over, true);
  });

  it('is one for all runs since a suspicion, and stops none that displaces nothing', () => {
    assert.equal(weigh({ ...none, displaced: gone(4) }, 100, 10, nobody, 6).over, false);
    assert.equal(weigh({ ...none, displaced: gone(5) }, 100, 10, nobody, 6).over, true);
    assert.equal(weigh(none, 100, 10, nobody, 60).over, false);
  });
});
