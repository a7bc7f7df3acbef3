// A state that is somebody else's.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { folderFor } from '../../test/folder.test-support.ts';
import { openDatabase } from './database.ts';

/** Root may look anywhere: what is promised to other users is tried as another user. */
function asAnother(work: () => void): void {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    work();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

describe('a state that may not be looked at', () => {
  it('is said to be somebody else’s, and no defect', () => {
    const folder = folderFor('state');
    const state = join(folder, 'state');
    mkdirSync(join(state, 'estate'), { recursive: true });
    chmodSync(folder, 0o755);
    chmodSync(state, 0);
    const read = () => openDatabase(join(state, 'estate'), { readOnly: true, migrations: ['CREATE TABLE one (a)'] });
    asAnother(() => assert.throws(read, { code: 'journal-not-writable' }));
    chmodSync(state, 0o700);
    assert.equal(read(), undefined, 'to whom it belongs it is only not there yet');
  });
});
