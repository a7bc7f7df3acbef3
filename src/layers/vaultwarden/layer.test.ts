// A Vaultwarden as it is used: copied while it is written to, checked before and after, and all of it back in an empty place.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Argv, Machine } from '../../machines/machine.ts';
import { itemResultsOf } from '../../model/item-results.ts';
import { codesOf } from '../common/driver.test-support.ts';
import { damage } from '../common/sqlite/databases.test-support.ts';
import { differences, fault, sh } from '../common/trees.test-support.ts';
import { ask, attach, unlessAble, type Vault, vaultWith } from './vault.test-support.ts';

const beside = ['db.sqlite3', 'db.sqlite3-wal', 'db.sqlite3-shm', 'icon_cache', 'tmp', 'vaultwarden.log'];
const verdictOf = ({ results }: { results: Record<string, unknown> }) =>
  itemResultsOf((results['look'] ?? null) as never).databases;

describe('a Vaultwarden', { skip: unlessAble }, () => {
  let vault: Vault;
  before(() => {
    vault = vaultWith();
    sh(
      'setfattr -n user.note -v kept attachments/cipher-1/att-1; touch -d 2001-02-03T04:05:06.789Z rsa_key.pem',
      vault.data,
    );
  });
  after(() => vault.close());

  it('is one point: its database, keys, attachments, sends and settings, with what is in it counted', async () => {
    const out = await vault.protect('run1');
    assert.deepEqual([out.degraded, out.failed], [[], {}]);
    const point = await vault.newest();
    const { users, ciphers, attachments, organizations, databases } = point.manifest.counts;
    assert.deepEqual([users, ciphers, attachments, organizations, databases], [2, 30, 6, 1, 1]);
    assert.deepEqual(verdictOf(out), [
      { name: join(vault.data, 'db.sqlite3'), workload: 'vault', ok: true, says: 'ok' },
    ]);
    assert.match(out.notes.map(({ says }) => says).join(), /not known to be of Vaultwarden: vaultwarden\.log/);
    assert.deepEqual(vault.left(), []);
    assert.deepEqual(
      readdirSync(vault.data).filter((name) => /-wal|-shm/.test(name)),
      [],
      'nothing was made beside it',
    );
  });

  it('comes back into an empty folder as it was, metadata included, without what it makes anew', async () => {
    await vault.restore('back1', await vault.newest());
    assert.equal(differences(vault.data, vault.back, ...beside), '');
    assert.equal(ask(join(vault.back, 'db.sqlite3'), '.dump'), ask(join(vault.data, 'db.sqlite3'), '.dump'));
    assert.deepEqual(readdirSync(vault.back).sort(), [
      ...['attachments', 'config.json', 'db.sqlite3', 'rsa_key.pem', 'rsa_key.pub.pem', 'sends'],
    ]);
    rmSync(vault.back, { recursive: true });
  });

  it('gives one attachment alone', async () => {
    await vault.restore('back2', await vault.newest(), { only: 'attachments/cipher-1/att-1' });
    assert.equal(
      readFileSync(join(vault.back, 'attachments/cipher-1/att-1'), 'utf8'),
      readFileSync(join(vault.data, 'attachments/cipher-1/att-1'), 'utf8'),
    );
    assert.deepEqual(readdirSync(vault.back), ['attachments']);
    rmSync(vault.back, { recursive: true });
  });

  it('is copied while it is written to, and each attachment that is copied as a row is there as a file', async () => {
    vault.start();
    const out = await vault.protect('run2');
    assert.ok(vault.runs(), 'nobody was disturbed');
    vault.stop();
    assert.deepEqual([out.degraded, out.failed], [[], {}]);
    const point = await vault.newest();
    assert.ok((point.manifest.counts['ciphers'] ?? 0) > 30, 'what was only in the log is in it');
    await vault.restore('back3', point);
    assert.equal(ask(join(vault.back, 'db.sqlite3'), 'PRAGMA integrity_check'), 'ok');
    const rows = ask(join(vault.back, 'db.sqlite3'), "SELECT cipher_uuid || '/' || id FROM attachments").split('\n');
    assert.ok(rows.length > 6);
    for (const row of rows) assert.ok(existsSync(join(vault.back, 'attachments', row)), row);
    rmSync(vault.back, { recursive: true });
  });

  it('is not believed where a byte of its point was changed since (control)', async () => {
    const point = await vault.newest();
    const part = join(point.folder, 'contents.tar');
    const whole = readFileSync(part);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(whole.length >> 1) ^ 1, whole.length >> 1);
    writeFileSync(part, changed);
    await assert.rejects(vault.restore('back4', point), fault('point-damaged'));
    assert.equal(existsSync(vault.back), false);
    writeFileSync(part, whole);
  });
});

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
        assert.deepEqual(codesOf(await vault.protect(`run-${code}`)), [code]);
      }
      ask(join(vault.folder, 'other.db'), 'CREATE TABLE users (a); CREATE TABLE ciphers (a)');
      assert.deepEqual(codesOf(await vault.protect('run-link')), ['no-databases'], 'a link is not followed');
      assert.deepEqual(await vault.points(), []);
      rmSync(vault.data, { recursive: true });
      await assert.rejects(vault.protect('run-folder'), fault('folder-missing'));
    } finally {
      vault.close();
    }
  });
});

describe('attachments of a Vaultwarden', { skip: unlessAble }, () => {
  it('that are gone or cut short are named, the newest point that has them stays, and with them back all is fine', async () => {
    const vault = vaultWith({ keep: { keep_last: 1 }, prune_at_most: 9 });
    try {
      await vault.protect('run1');
      const [gone, short, sent] = [
        ...['attachments/cipher-2/att-2', 'attachments/cipher-3/att-3', 'sends/send-1/file1'].map((path) =>
          join(vault.data, path),
        ),
      ] as [string, string, string];
      for (const path of [gone, short, sent]) copyFileSync(path, `${vault.folder}/${path.split('/').at(-1)}`);
      rmSync(gone);
      rmSync(sent);
      writeFileSync(short, 'att');
      for (const run of ['run2', 'run3', 'run4']) {
        const { degraded } = await vault.protect(run);
        assert.match(
          degraded.join(),
          /^3 of the files .*att-2: there is no such file; .*att-3: it has 3 bytes, .*file1: there/,
        );
      }
      assert.deepEqual(
        (await vault.points()).map(({ manifest }) => manifest.run),
        ['run1', 'run4'],
      );
      for (const path of [gone, short, sent]) copyFileSync(`${vault.folder}/${path.split('/').at(-1)}`, path);
      assert.deepEqual((await vault.protect('run5')).degraded, []);
      assert.deepEqual(
        (await vault.points()).map(({ manifest }) => manifest.run),
        ['run5'],
      );
    } finally {
      vault.close();
    }
  });

  it('that come while the database is copied are waited for; files without a row are normal', async () => {
    const vault = vaultWith();
    try {
      const open = vault.open();
      attach(open, vault.data, 20);
      open.close();
      const path = join(vault.data, 'attachments/cipher-20/att-20');
      renameSync(path, `${vault.folder}/late`);
      writeFileSync(join(vault.data, 'attachments', 'nobody knows'), 'x');
      let copied = false;
      const at = (moment: string) => {
        if (/copying attachments/.test(moment)) copied = true;
        else if (copied && /copying and checking/.test(moment) && !existsSync(path))
          renameSync(`${vault.folder}/late`, path);
      };
      assert.deepEqual((await vault.protect('run1', { at })).degraded, []);
      assert.ok(existsSync(path), 'it came after the files were copied for the first time');
    } finally {
      vault.close();
    }
  });

  it('of any name, with links out of the folder among them, come back as they are and are followed nowhere', async () => {
    const vault = vaultWith();
    try {
      const folder = join(vault.data, 'attachments', 'cipher-1');
      for (const name of ['new\nline', `it's "quoted"`, '-rf', '$(touch x)', ' blank ', 'ünï'])
        writeFileSync(join(folder, name), name);
      writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe)]), 'no UTF-8');
      symlinkSync('/etc', join(folder, 'out'));
      rmSync(join(vault.data, 'config.json'));
      symlinkSync('/etc/hostname', join(vault.data, 'config.json'));
      assert.deepEqual((await vault.protect('run1')).degraded, []);
      await vault.restore('back', await vault.newest());
      assert.equal(differences(vault.data, vault.back, ...beside), '');
    } finally {
      vault.close();
    }
  });
});

/** A machine whose commands are looked for in a folder of ours first. */
const withPath =
  (folder: string, only = false) =>
  (machine: Machine): Machine => {
    const env = ['env', `PATH=${folder}${only ? '' : ':/usr/sbin:/usr/bin:/sbin:/bin'}`] as const;
    const there = (argv: Argv): Argv => [...env, ...argv] as unknown as Argv;
    return {
      ...machine,
      run: (argv, options) => machine.run(there(argv), options),
      stream: (argv, options) => machine.stream(there(argv), options),
      feed: (argv, options) => machine.feed(there(argv), options),
    };
  };

describe('a machine that a Vaultwarden runs on', { skip: unlessAble }, () => {
  it('says what it lacks: sqlite3', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'holdfast-vw-'));
    const tools = readdirSync('/usr/bin').filter((name) => name !== 'sqlite3');
    for (const tool of tools) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
    const vault = vaultWith({}, withPath(bin, true));
    try {
      const { failed } = await vault.protect('run1');
      assert.match(
        Object.values(failed)
          .map(({ code, says }) => `${code}: ${says}`)
          .join(),
        /^database-not-copied: sqlite3 is missing there/,
      );
      assert.deepEqual(await vault.points(), []);
    } finally {
      vault.close();
      rmSync(bin, { recursive: true });
    }
  });

  it('whose tar fails makes no point, and says what it said: no error is swallowed', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'holdfast-vw-'));
    writeFileSync(
      join(bin, 'tar'),
      '#!/bin/sh\ncase "$*" in *--create*add-file*) /usr/bin/tar "$@"; echo "tar: attachments: Input/output error" >&2; exit 2;; esac\nexec /usr/bin/tar "$@"\n',
    );
    chmodSync(join(bin, 'tar'), 0o755);
    const vault = vaultWith({}, withPath(bin));
    try {
      const { failed } = await vault.protect('run1');
      assert.match(
        Object.values(failed)
          .map(({ code, says }) => `${code}: ${says}`)
          .join(),
        /^item-incomplete: tar: .*Input\/output error/,
      );
      assert.deepEqual([await vault.points(), vault.left()], [[], []]);
    } finally {
      vault.close();
      rmSync(bin, { recursive: true });
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
