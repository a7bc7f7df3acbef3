// A Vaultwarden as it is used: copied while it is written to, checked before and after, and all of it back in an empty place.
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
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
import { differences, fault, sh } from '../common/trees.test-support.ts';
import { ask, attach, beside, unlessAble, type Vault, vaultWith, verdictOf } from './vault.test-support.ts';

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

  it('is one point: its database, keys, attachments, sends and settings, with what is in it counted (reality 1.8a)', async () => {
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

  it('whose tar says that a folder changed while it was read is believed: somebody uploads; of a file it is not', async () => {
    const says = async (name: string) => {
      const bin = mkdtempSync(join(tmpdir(), 'holdfast-vw-'));
      writeFileSync(
        join(bin, 'tar'),
        `#!/bin/sh\ncase "$*" in *--create*add-file*) /usr/bin/tar "$@"; echo "tar: ${name}: file changed as we read it" >&2; exit 1;; esac\nexec /usr/bin/tar "$@"\n`,
      );
      chmodSync(join(bin, 'tar'), 0o755);
      const vault = vaultWith({}, withPath(bin));
      try {
        const { failed } = await vault.protect('run1');
        return { codes: Object.values(failed).map(({ code }) => code), points: (await vault.points()).length };
      } finally {
        vault.close();
        rmSync(bin, { recursive: true });
      }
    };
    for (const folder of ['.', './attachments/cipher-1'])
      assert.deepEqual(await says(folder), { codes: [], points: 1 }, folder);
    for (const file of ['./config.json', './gone'])
      assert.deepEqual(await says(file), { codes: ['item-incomplete'], points: 0 }, file);
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
