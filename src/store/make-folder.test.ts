import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openDatabase } from './database.ts';
import { lockFile } from './lock.ts';
import { makeFolder } from './make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-folder-'));
after(() => rmSync(folder, { recursive: true }));

describe('a state folder', () => {
  it('is made with everything above it, for its owner alone, and may be there already', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    assert.equal(statSync(deep).mode & 0o777, 0o700);
  });

  it('is not made over a file', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => makeFolder(join(folder, 'file')), { code: 'EEXIST' });
    assert.throws(() => makeFolder(join(folder, 'file', 'below')), { code: 'ENOTDIR' });
  });

  it('that cannot be made is refused at once, with what to do, and never waited for', () => {
    assert.throws(() => makeFolder('/proc/no-such/state'), { code: 'ENOENT' });
    assert.throws(() => openDatabase('/proc/no-such/state', { migrations: [] }), {
      code: 'journal-not-writable',
      remedy: /--state/,
    });
    assert.throws(() => lockFile('/proc/no-such/state/lock'), { code: 'ENOENT' });
  });
});
