// Points of a Vaultwarden: none of a damaged database, none that is taken for good when it is not, and where and for whom they lie.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { codesOf } from '../common/driver.test-support.ts';
import { damage } from '../common/sqlite/databases.test-support.ts';
import { differences, fault } from '../common/trees.test-support.ts';
import { ask, beside, unlessAble, vaultWith, verdictOf } from './vault.test-support.ts';

describe('a Vaultwarden whose database is damaged', { skip: unlessAble }, () => {
  it('is an alarm and no point, the older ones stay, and with a sound one it goes on', async () => {
    const vault = vaultWith({ keep: { keep_last: 1 } });
    try {
      await vault.protect('run1');
      const path = join(vault.data, 'db.sqlite3');
      copyFileSync(path, `${vault.folder}/sound`);
      damage(path, 8192);
      for (const run of ['run2', 'run3']) {
        const out = await vault.protect(run);
        assert.deepEqual(codesOf(out), ['database-damaged']);
        assert.equal(verdictOf(out)?.[0]?.ok, false);
      }
      assert.deepEqual(
        (await vault.points()).map(({ manifest }) => manifest.run),
        ['run1'],
      );
      assert.deepEqual(vault.left(), []);
      copyFileSync(`${vault.folder}/sound`, path);
      assert.deepEqual(codesOf(await vault.protect('run4')), []);
      assert.equal((await vault.newest()).manifest.run, 'run4');
    } finally {
      vault.close();
    }
  });

  it("that is overwritten, empty, gone, or a link to somebody else's is none, each by its own words", async () => {
    const vault = vaultWith();
    const path = join(vault.data, 'db.sqlite3');
    try {
      for (const [make, code] of [
        [() => writeFileSync(path, Buffer.alloc(8192)), 'database-damaged'],
        [() => writeFileSync(path, ''), 'database-damaged'],
        [() => rmSync(path), 'no-databases'],
        [() => symlinkSync(join(vault.folder, 'other.db'), path), 'no-databases'],
      ] as const) {
        make();
        const out = await vault.protect(`run-${code}`);
        assert.deepEqual([codesOf(out), verdictOf(out)?.map(({ ok }) => ok)], [[code], [false]]);
      }
      ask(join(vault.folder, 'other.db'), 'CREATE TABLE users (a); CREATE TABLE ciphers (a)');
      const link = await vault.protect('run-link');
      assert.deepEqual(codesOf(link), ['no-databases'], 'a link is not followed');
      assert.equal(verdictOf(link)?.[0]?.ok, false, 'and nobody says that the database is sound');
      assert.deepEqual(await vault.points(), []);
      rmSync(vault.data, { recursive: true });
      await assert.rejects(vault.protect('run-folder'), fault('folder-missing'));
    } finally {
      vault.close();
    }
  });
});

describe('points of a Vaultwarden', { skip: unlessAble }, () => {
  it('are suspicious where users or ciphers are gone, and hold the older ones until they are back', async () => {
    const vault = vaultWith({ keep: { keep_last: 1 }, prune_at_most: 9 });
    try {
      await vault.protect('run1');
      copyFileSync(join(vault.data, 'db.sqlite3'), join(vault.folder, 'full'));
      const open = vault.open();
      open.exec('PRAGMA foreign_keys=OFF; DELETE FROM users');
      open.close();
      for (const run of ['run2', 'run3'])
        assert.match((await vault.protect(run)).degraded.join(), /suspicious .*users has no rows, and had 2/);
      const [first, ...others] = await vault.points();
      assert.equal(first?.manifest.run, 'run1');
      assert.match(first?.held ?? '', /^suspicion /);
      assert.ok(others.length >= 1);
      copyFileSync(join(vault.folder, 'full'), join(vault.data, 'db.sqlite3'));
      for (const run of ['run4', 'run5']) assert.deepEqual((await vault.protect(run)).degraded, []);
      assert.deepEqual(
        (await vault.points()).map(({ manifest }) => manifest.run),
        ['run5'],
      );
    } finally {
      vault.close();
    }
  });

  it('are suspicious where the same database comes for a week, though it used to change', async () => {
    const vault = vaultWith({ keep: { keep_last: 20 } });
    try {
      for (const [day, changes] of [
        ...[1, 2, 3, 4].map((one) => [one, true] as const),
        [9, false],
        [12, false],
      ] as const) {
        vault.at(`2026-01-${String(day).padStart(2, '0')}T05:00:00.000Z`);
        if (changes) ask(join(vault.data, 'db.sqlite3'), `INSERT INTO devices VALUES ('d${day}', '${day}', 'user-0')`);
        const { degraded } = await vault.protect(`run${day}`);
        if (day < 12) assert.deepEqual(degraded, [], `day ${day}`);
        else assert.match(degraded.join(), /db\.sqlite3 is the same in every dump for 1w 1d/);
      }
    } finally {
      vault.close();
    }
  });

  it('are encrypted to whom the estate names before they lie anywhere, and are opened by that key alone', async () => {
    const keys = mkdtempSync(join(tmpdir(), 'holdfast-vw-'));
    const made = ['right', 'wrong'].map((name) => {
      execFileSync('age-keygen', ['-o', join(keys, name)], { stdio: 'ignore' });
      return execFileSync('age-keygen', ['-y', join(keys, name)], { encoding: 'utf8' }).trim();
    });
    const identity = { file: join(keys, 'right') };
    const vault = vaultWith({ encrypt_to: [made[0]], identity });
    try {
      assert.deepEqual((await vault.protect('run1')).degraded, []);
      const point = await vault.newest();
      assert.deepEqual(readdirSync(point.folder).sort(), ['contents.tar.age', 'listing.ndjson.age', 'manifest.json']);
      assert.equal(readFileSync(join(point.folder, 'contents.tar.age')).includes('PRIVATE KEY'), false);
      await vault.restore('back1', point);
      assert.equal(differences(vault.data, vault.back, ...beside), '');
      rmSync(vault.back, { recursive: true });
      copyFileSync(join(keys, 'wrong'), join(keys, 'right'));
      await assert.rejects(vault.restore('back2', point), fault('identity-wrong'));
    } finally {
      vault.close();
      rmSync(keys, { recursive: true });
    }
  });

  it('lie on another machine where that is declared, and not where others may look into their folder', async () => {
    const vault = vaultWith({ to_machine: 'nas' });
    try {
      assert.deepEqual((await vault.protect('run1')).degraded, []);
      assert.equal((await vault.newest()).machine, 'nas');
      chmodSync(join(vault.copies, 'vault'), 0o750);
      await assert.rejects(vault.protect('run2'), fault('destination-not-private'));
    } finally {
      vault.close();
    }
  });

  it('are gathered beside where they lie when nothing else is declared, and nothing of that is left', async () => {
    const vault = vaultWith({ staging: undefined, also: ['vaultwarden.log'] });
    try {
      assert.deepEqual((await vault.protect('run1')).degraded, []);
      mkdirSync(join(vault.data, 'templates'));
      await vault.restore('back', await vault.newest());
      assert.equal(readFileSync(join(vault.back, 'vaultwarden.log'), 'utf8'), 'a log');
      assert.deepEqual(vault.left(), []);
      rmSync(join(vault.data, 'vaultwarden.log'));
      assert.deepEqual(codesOf(await vault.protect('run2')), ['item-incomplete'], 'what is named must be there');
    } finally {
      vault.close();
    }
  });
});
