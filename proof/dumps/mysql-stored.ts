// 3.7 MariaDB, how its dumps lie in a point: packed with gzip, not packed at all, encrypted with age.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MariadbServer } from '../../src/layers/mysql/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { sh, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, hidden, pictureOf, placeFor, pointAt, run, words, wreck } from './mysql-databases.ts';

export async function provePacked(report: Report, server: MariadbServer): Promise<void> {
  for (const [compress, ending, reads] of [
    ['gzip', '.gz', 'gzip -t *.gz && gzip -dc "$1"'],
    ['none', '.sql', 'cat "$1"'],
  ] as const) {
    const { estate, copies } = placeFor(server, { compress });
    const before = pictureOf(server, 'wiki');
    const taken = await estate.type(...run);
    const { id, items } = pointAt(copies, 0);
    const part = items.find(({ name }) => name === 'wiki')?.part ?? '';
    const read = tried('sh', [
      '-ec',
      `cd "$2"; { ${reads}; } | grep -c '^CREATE TABLE .people'`,
      'sh',
      part,
      join(copies, id),
    ]);
    wreck(server, 'wiki');
    const restored = await estate.type(...back('wiki', '--point', id));
    report.row(
      `3.7 compress: ${compress}: its own program reads each part, and it comes back`,
      `${taken.command}; ${restored.command}`,
      `${compress === 'none' ? 'grep' : 'gzip -t'}; mariadb: every row`,
      (taken.status === 0 &&
        part.endsWith(ending) &&
        read.says.trim() === '1' &&
        restored.status === 0 &&
        pictureOf(server, 'wiki') === before) ||
        seen(taken, restored, read.says),
    );
    if (compress === 'gzip') {
      sh(`dd if=/dev/zero of='${part}' bs=1 seek=2000 count=50 conv=notrunc status=none`, join(copies, id));
      const damaged = await estate.type(...back('wiki', '--point', id));
      report.control(
        'a part packed with gzip that is damaged',
        damaged.status !== 0 &&
          /point-damaged/.test(words(damaged)) &&
          pictureOf(server, 'wiki') === before &&
          hidden(server) === '',
      );
    }
    estate.close();
  }
}

export async function proveEncrypted(report: Report, server: MariadbServer): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-age-'));
  const recipients = ['right', 'wrong'].map(
    (name) => /age1\w+/.exec(tried('age-keygen', ['-o', join(folder, name)]).says)?.[0] ?? '',
  );
  const { estate, copies } = placeFor(server, {
    encrypt_to: recipients.slice(0, 1),
    identity: { file: join(folder, 'now') },
  });
  const has = (identity: string) => sh(`install -m 600 '${identity}' now`, folder);
  try {
    has('right');
    const before = pictureOf(server, 'shop');
    const taken = await estate.type(...run);
    const { id, items } = pointAt(copies, 0);
    const part = items.find(({ name }) => name === 'shop')?.part ?? '';
    const opened = (identity: string) =>
      tried('sh', [
        '-c',
        `age -d -i '${join(folder, identity)}' '${join(copies, id, part)}' | zstd -dc | grep -c '^CREATE TABLE .people'`,
      ]);
    wreck(server, 'shop');
    const wrecked = pictureOf(server, 'shop');
    for (const [what, identity, code] of [
      ['another identity', 'wrong', /identity-wrong/],
      ['an identity whose file is gone', 'none', /estate-invalid/],
    ] as const) {
      if (identity === 'none') sh('rm now', folder);
      else has(identity);
      const refused = await estate.type(...back('shop', '--point', id));
      report.row(
        `3.7 encrypt_to, and ${what}: it is said, and nothing was replaced`,
        refused.command,
        'the words; mariadb: every row',
        (refused.status !== 0 &&
          code.test(words(refused)) &&
          pictureOf(server, 'shop') === wrecked &&
          hidden(server) === '') ||
          seen(refused),
      );
    }
    has('right');
    const restored = await estate.type(...back('shop', '--point', id));
    const held = pointAt(copies, -1);
    report.row(
      '3.7 encrypt_to: nothing in the point can be read without the identity, age itself opens it, and it comes back; so does what was put aside',
      `${taken.command}; ${restored.command}`,
      'age -d, zstd; mariadb: every row',
      (taken.status === 0 &&
        opened('right').says.trim() === '1' &&
        sh('ls | grep -cv "\\.age$\\|manifest\\|HOLD" || true', join(copies, held.id)) === '0' &&
        restored.status === 0 &&
        pictureOf(server, 'shop') === before) ||
        seen(taken, restored, opened('right').says),
    );
    report.control('age with another identity', opened('wrong').says.trim() !== '1');
  } finally {
    estate.close();
    rmSync(folder, { recursive: true });
  }
}
