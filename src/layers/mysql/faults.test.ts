// What goes wrong with a real MariaDB: one of several databases, the login's rights, the tool, the server, the disk.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { codesOf } from '../common/driver.test-support.ts';
import { missingIn, takenIn } from '../common/dumps/taken.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { cannotServeMariadb, type MariadbServer, startMariadb } from './server.test-support.ts';
import { fill } from './shop.test-support.ts';

describe('a night on which something is wrong', { skip: cannotServeMariadb() }, () => {
  let server: MariadbServer;
  before(async () => {
    server = await startMariadb();
    for (const name of ['first', 'shop']) fill(server, name);
    server.sql('CREATE DATABASE last; CREATE TABLE last.t (id int); INSERT INTO last.t VALUES (1);');
    server.sql(`CREATE DATABASE big; CREATE TABLE big.t (id int PRIMARY KEY, text longtext);
      INSERT INTO big.t SELECT seq, REPEAT(MD5(seq), 4000) FROM mysql.seq_1_to_200;`);
  });
  after(() => server.close());

  const within = async (more: Record<string, unknown>, work: (place: Place) => Promise<void>) => {
    const place = placeOn(server, more);
    try {
      await work(place);
      assert.deepEqual(place.left(), []);
    } finally {
      place.close();
    }
  };
  const sealedBy = async (place: Place) => {
    const [point] = await place.points();
    assert.ok(point !== undefined);
    const missing = missingIn(point.manifest);
    return {
      taken: takenIn(point.manifest).map(({ name }) => name),
      missing: missing.map(({ name }) => name),
      says: missing,
    };
  };

  it('costs one database of several its dump, which is named; the others come back (reality 6.27)', () =>
    within({ databases: ['first', 'shop', 'last'] }, async (place) => {
      server.sql('CREATE TABLE gone (id int); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;', 'shop');
      try {
        const { degraded } = await place.protect('run1');
        const sealed = await sealedBy(place);
        assert.deepEqual([sealed.taken, sealed.missing], [['all-accounts', 'first', 'last'], ['shop']]);
        assert.match(sealed.says[0]?.says ?? '', /view-broken.*broken/);
        assert.match(degraded.join(), /^shop is missing/);
        const [point] = await place.points();
        assert.ok(point !== undefined);
        await place.restore('run2', point, { only: 'last', target: 'database/last_of_monday' });
        assert.equal(server.sql('SELECT COUNT(*) FROM last_of_monday.t'), '1');
        await assert.rejects(place.restore('run3', point, { only: 'shop' }), /not-in-point/);
      } finally {
        server.sql('DROP VIEW shop.broken; DROP DATABASE IF EXISTS last_of_monday');
      }
    }));

  const rights = [
    { without: 'nothing', gives: [], lacks: '' },
    { without: 'EVENT', gives: ['EVENT'], lacks: 'missing' },
    { without: 'SHOW VIEW', gives: ['SHOW VIEW'], lacks: 'missing' },
    { without: 'TRIGGER', gives: ['TRIGGER'], lacks: 'triggers are missing' },
    { without: 'SELECT on mysql.proc', gives: ['proc'], lacks: 'procedures and functions are missing' },
  ];
  for (const { without, gives, lacks } of rights)
    it(`is ${lacks === '' ? 'fine for a login that may read, and destroy nothing' : `never fine for a login without ${without}: the database is named`}`, () => {
      const all = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'].filter((one) => !gives.includes(one));
      server.sql(`CREATE OR REPLACE USER hf@'%' IDENTIFIED BY 'pw'; GRANT ${all.join(', ')} ON \`shop\`.* TO hf@'%';
        ${gives.includes('proc') ? '' : `GRANT SELECT ON mysql.proc TO hf@'%';`}`);
      const entry = {
        ...{ databases: ['shop'], server: { user: 'hf' }, secrets: { '/run/my': 'pw' } },
        exclude: [{ database: 'all-accounts', reason: 'a test', owner: 'it', review_by: '2099-01-01' }],
      };
      return within(entry, async (place) => {
        const { failed, degraded } = await place.protect('run1');
        if (lacks === 'missing') {
          assert.match(Object.values(failed).map(String).join(), /shop: dump-not-allowed/);
          return assert.deepEqual(await place.points(), []);
        }
        if (lacks === '') assert.deepEqual(degraded, []);
        else assert.match(degraded.join(), new RegExp(`^shop: .*${lacks}`));
        for (const sql of ['DELETE FROM orders', 'DROP TABLE orders', 'CREATE TABLE x (id int)'])
          assert.match(
            spawnSync(
              'mariadb',
              ['--no-defaults', `--socket=${server.socket}`, '--user=hf', '--password=pw', 'shop', '-e', sql],
              { encoding: 'utf8' },
            ).stderr,
            /denied/,
            sql,
          );
      });
    });

  it('has no accounts where the login may not read them: they are named', () => {
    server.sql(
      `CREATE OR REPLACE USER hf@'%' IDENTIFIED BY 'pw'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON \`shop\`.* TO hf@'%'; GRANT SELECT ON mysql.proc TO hf@'%'`,
    );
    return within({ databases: ['shop'], server: { user: 'hf' }, secrets: { '/run/my': 'pw' } }, async (place) => {
      await place.protect('run1');
      const { taken, missing } = await sealedBy(place);
      assert.deepEqual([taken, missing], [['shop'], ['all-accounts']]);
    });
  });

  const tools = [
    { what: 'is cut off', does: 'mariadb-dump "$@" | head -c 20000' },
    { what: 'has another end', does: 'mariadb-dump "$@" | sed "s/^-- Dump completed.*/-- That was it/"' },
    { what: 'is zeros', does: 'head -c 100000 /dev/zero' },
    { what: 'is zeros without an end', does: 'cat /dev/zero' },
    {
      what: 'leaves a table out',
      does: 'own=$1; shift; mariadb-dump "$own" --ignore-table=first.orders "$@"',
      code: 'dump-incomplete',
    },
    {
      what: 'leaves programs out',
      does: 'mariadb-dump "$@" | sed "/^DELIMITER ;;/,/^DELIMITER ;$/d"',
      code: 'dump-incomplete',
    },
  ];
  for (const { what, does, code = 'dump-cut-short' } of tools)
    it(`rejects a dump that ${what}, though its program says that all is well`, async () => {
      const programs = mkdtempSync(join(tmpdir(), 'holdfast-tools-'));
      const tool = `#!/bin/bash\ncase "$1" in --help|--version) exec mariadb-dump "$1";; esac\n${does}\nexit 0\n`;
      writeFileSync(join(programs, 'mariadb-dump'), tool);
      writeFileSync(join(programs, 'mariadb'), '#!/bin/sh\nexec mariadb "$@"\n');
      for (const name of ['mariadb-dump', 'mariadb']) chmodSync(join(programs, name), 0o755);
      try {
        await within({ databases: ['first'], programs }, async (place) => {
          await place.protect('run1');
          const { missing, says } = await sealedBy(place);
          assert.deepEqual(missing, ['first']);
          assert.match(says[0]?.says ?? '', new RegExp(`^${code}`));
        });
      } finally {
        rmSync(programs, { recursive: true });
      }
    });

  it('has what was dumped before the server died, and names what was not', () =>
    within({ databases: ['big', 'first', 'last'] }, async (place) => {
      const at = (moment: string) => (moment.includes('dumping big') ? server.stop('SIGKILL') : undefined);
      try {
        await place.protect('run1', { at });
      } finally {
        await server.stop('SIGKILL');
        await server.start();
      }
      const { taken, missing, says } = await sealedBy(place);
      assert.deepEqual([taken, missing], [['all-accounts'], ['big', 'first', 'last']]);
      assert.match(says[0]?.says ?? '', /database-unreachable/);
      assert.match(says[1]?.says ?? '', /not tried/);
    }));

  it('has a disk without room: nothing is sealed, and nothing is left', async () => {
    const small = mkdtempSync(join(tmpdir(), 'holdfast-small-'));
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', small]).status, 0);
    try {
      mkdirSync(join(small, 'copies'));
      await within({ to: join(small, 'copies'), databases: ['big'], compress: 'none' }, async (place) => {
        assert.deepEqual(codesOf(await place.protect('run1')), ['disk-full']);
        assert.deepEqual(await place.points(), []);
      });
    } finally {
      spawnSync('umount', [small]);
      rmSync(small, { recursive: true });
    }
  });
});
