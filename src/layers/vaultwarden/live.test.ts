// A Vaultwarden brought back in its live place: with what the old database left beside it, damaged, by another owner, and led back
// from wherever it is killed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Ended, Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { killAfter, toNextPlace } from '../common/mortal.test-support.ts';
import { damage } from '../common/sqlite/databases.test-support.ts';
import { fault, sh } from '../common/trees.test-support.ts';
import { account, ask, unlessAble, type Vault, vaultWith } from './vault.test-support.ts';

const live = { target: 'live' } as const;
const database = ({ data }: Vault): string => join(data, 'db.sqlite3');
const ciphers = (vault: Vault): number =>
  Number(ask(database(vault), "SELECT count(*) FROM ciphers WHERE created_at = 'then'"));

/** Names, owners, modes, links and content of all that there is. */
const picture = (folder: string): string =>
  sh(`find . -printf '%P %m %U %G %l %s\\n' | sort; find . -type f -exec sha256sum {} + | sort`, folder);

describe('a Vaultwarden in its live place', { skip: unlessAble, timeout: 600_000 }, () => {
  it('is stopped, replaced and started: on the database of the point, and with nothing of the old log (reality 4.10)', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      writeFileSync(join(vault.data, 'config.json'), '{"domain":"https://wrong"}');
      rmSync(join(vault.data, 'attachments', 'cipher-1'), { recursive: true });
      chmodSync(database(vault), 0o640);
      vault.start();
      ask(
        database(vault),
        "PRAGMA busy_timeout=5000; DELETE FROM ciphers WHERE created_at = 'then' AND uuid > 'cipher-2'",
      );
      assert.ok(existsSync(`${database(vault)}-wal`), 'there is an old log, with rows that the old database lacks');
      const { results } = await vault.restore('back', point, live);
      assert.ok(vault.runs());
      assert.ok(((results['compare'] as { ciphers: number }).ciphers ?? 0) >= 30);
      vault.stop();
      assert.equal(ciphers(vault), 30);
      assert.equal(ask(database(vault), 'PRAGMA integrity_check'), 'ok');
      assert.equal(readFileSync(join(vault.data, 'config.json'), 'utf8'), '{"domain":"https://vault.home"}');
      assert.ok(existsSync(join(vault.data, 'attachments', 'cipher-1', 'att-1')));
      assert.ok(existsSync(join(vault.data, 'icon_cache', 'example.png')), 'what is not of a point is left alone');
      assert.deepEqual(vault.left(), []);
      const { mode, uid, gid } = statSync(database(vault));
      assert.deepEqual([mode & 0o777, uid, gid], [0o640, account.uid, account.gid]);
    } finally {
      vault.close();
    }
  });

  it('is put aside before, held, and can be brought back itself', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      ask(database(vault), "DELETE FROM ciphers WHERE uuid > 'cipher-2'");
      const few = ciphers(vault);
      await vault.restore('back', point, live);
      vault.stop();
      const before = (await vault.points()).find(({ held }) => held?.startsWith('before restore'));
      assert.ok(before !== undefined && few < 30);
      assert.equal(ciphers(vault), 30);
      await vault.restore('again', before, live);
      vault.stop();
      assert.equal(ciphers(vault), few);
    } finally {
      vault.close();
    }
  });

  it('whose database is damaged is kept as the bytes that lie there, which nobody puts in place again', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      damage(database(vault), 8192);
      const bytes = readFileSync(database(vault));
      await vault.restore('back', point, live);
      vault.stop();
      assert.equal(ask(database(vault), 'PRAGMA integrity_check'), 'ok');
      const before = (await vault.points()).find(({ held }) => held !== undefined);
      assert.ok(before !== undefined);
      assert.deepEqual(
        (await vault.plan(before, live)).refusals.map(({ code }) => code),
        ['point-not-sound'],
      );
      await vault.restore('files', before);
      assert.ok(readFileSync(join(vault.back, 'db.sqlite3')).equals(bytes));
    } finally {
      vault.close();
    }
  });

  it('of which nothing is left comes back into the empty folder, with the owner of that', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      execFileSync('sh', ['-c', `find '${vault.data}' -mindepth 1 -delete; chown 5001:5002 '${vault.data}'`]);
      await vault.restore('back', point, live);
      vault.stop();
      assert.equal(ciphers(vault), 30);
      const owners = sh(`find . -mindepth 1 -printf '%U:%G\\n' | sort -u`, vault.data).trim();
      assert.ok(owners.split('\n').includes('5001:5002') && !owners.includes(`${account.uid}:${account.gid}`), owners);
    } finally {
      vault.close();
    }
  });

  it('keeps what was there beside it where that is wished', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const before = (await vault.points()).length;
      await vault.restore('back', await vault.newest(), { ...live, keepOld: true });
      vault.stop();
      assert.ok(existsSync(join(vault.data, 'before-back', 'db.sqlite3')));
      assert.equal((await vault.points()).length, before);
    } finally {
      vault.close();
    }
  });

  it('that does not start on what was brought back has everything of before again, and runs on it', async () => {
    const vault = vaultWith({ service: undefined });
    const { stop, start } = vault.service;
    const fails = [
      'sh',
      '-c',
      `[ ! -e '${vault.folder}/refuse' ] || { rm '${vault.folder}/refuse'; exit 5; }; ${start[2]}`,
    ];
    const entry = { ...vault.entry, service: { stop, start: fails } };
    Object.assign(vault.entry, entry);
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      vault.start();
      ask(database(vault), "PRAGMA busy_timeout=5000; UPDATE organizations SET name = 'today'");
      writeFileSync(join(vault.folder, 'refuse'), '');
      await assert.rejects(vault.restore('back', point, live), fault('service-not-told'));
      assert.ok(vault.runs());
      vault.stop();
      assert.equal(ask(database(vault), 'SELECT name FROM organizations'), 'today');
      assert.deepEqual(vault.left(), []);
    } finally {
      vault.close();
    }
  });

  it('that does not stop is not touched, and that is said', async () => {
    // Who has it open is asked some hundred times: here each answer is the first one.
    let first: Promise<Ended> | undefined;
    const once = (machine: Machine): Machine => ({
      ...machine,
      run: (argv, options) => {
        if (!/\/proc\//.test(argv[2] ?? '')) return machine.run(argv, options);
        first ??= machine.run(argv, options);
        return first;
      },
    });
    const vault = vaultWith({ service: { stop: ['true'], start: ['true'] } }, once);
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      vault.start();
      const { ino } = statSync(database(vault));
      await assert.rejects(vault.restore('back', point, live), fault('service-still-runs'));
      assert.equal(statSync(database(vault)).ino, ino);
      assert.deepEqual(vault.left(), []);
    } finally {
      vault.close();
    }
  });

  it('is not replaced where a byte of the point was changed since, and nobody is interrupted (control)', async () => {
    const vault = vaultWith({ service: { stop: ['false'], start: ['false'] } });
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      const part = join(point.folder, 'contents.tar');
      const changed = readFileSync(part);
      changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
      writeFileSync(part, changed);
      const before = picture(vault.data);
      await assert.rejects(vault.restore('back', point, live), fault('point-damaged'));
      assert.equal(picture(vault.data), before);
    } finally {
      vault.close();
    }
  });

  it('is refused without a service, of a part alone, and says what it would do', async () => {
    const vault = vaultWith();
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      const codes = async (wish: object) =>
        (await vault.plan(point, { ...live, ...wish })).refusals.map(({ code }) => code);
      assert.deepEqual(await codes({ only: 'config.json' }), ['only-not-live']);
      const { steps } = await vault.plan(point, live);
      assert.deepEqual(
        steps.map(({ id }) => id),
        ['stage', 'safety', 'stop', 'swap', 'start', 'compare', 'settle'],
      );
      Object.assign(vault.entry, { service: undefined });
      assert.deepEqual(await codes({}), ['service-not-declared']);
    } finally {
      vault.close();
    }
  });

  it('killed at any place leads back to what was there, or is all in place', async () => {
    const flag = (name: string) => `'${name}'`;
    const vault = vaultWith({ service: { stop: ['true'], start: ['true'] } });
    const rest = join(vault.folder, 'stopped');
    Object.assign(vault.entry, { service: { stop: ['touch', rest], start: ['sh', '-c', `rm -f ${flag(rest)}`] } });
    try {
      await vault.protect('run1');
      const point = await vault.newest();
      ask(database(vault), "UPDATE organizations SET name = 'today'");
      writeFileSync(`${database(vault)}-wal`, 'an old log');
      const held = join(vault.folder, 'as-it-was');
      sh(`cp -a '${vault.data}' '${held}'`, vault.folder);
      const before = picture(vault.data);
      let [places, done] = [0, 0];
      for (let whole: number | undefined; whole === undefined; places += toNextPlace * 3) {
        const begun: Begun[] = [];
        whole = await killAfter(places, vault, begun, (over) => vault.restore('run9', point, live, over));
        const reached = begun.map(({ step, fate }) => `${step.id} ${fate}`).join(', ');
        const when = `killed after ${places} calls: ${reached}`;
        await recoverDriven({ run: 'run9' as RunId, world: vault.world, taken: join(vault.folder, 'taken') }, begun, 7);
        assert.deepEqual(vault.left(), [], when);
        assert.equal(existsSync(rest), false, `${when}: it is started again`);
        if (begun.some(({ step, fate }) => step.id === 'settle' && fate === 'done')) {
          done += 1;
          assert.equal(ask(database(vault), 'SELECT name FROM organizations'), 'family', when);
          assert.equal(existsSync(`${database(vault)}-wal`), false, when);
        } else assert.equal(picture(vault.data), before, when);
        sh(`rm -rf '${vault.data}'; cp -a '${held}' '${vault.data}'`, vault.folder);
        for (const { folder, manifest } of await vault.points())
          if (manifest.run === 'run9') rmSync(folder, { recursive: true });
      }
      assert.ok(places > 20 && done >= 1, `${places} places were reached, ${done} were done`);
      assert.deepEqual(readdirSync(vault.copies), ['vault']);
    } finally {
      vault.close();
    }
  });
});
