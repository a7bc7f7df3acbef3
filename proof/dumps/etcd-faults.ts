// 3.7 etcd under fire: logins, a member that is not there, snapshots that are none, disks that are full.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EtcdTestServer, startEtcd } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { proveEtcdDamage } from './etcd-damage.ts';
import { proveEtcdJudged } from './etcd-judged.ts';
import { left, proveEtcdMidway } from './etcd-midway.ts';
import { etcdPlace, fillEtcd } from './etcd-values.ts';
import { runOf, saysOf, typedWith } from './stores.ts';

export async function proveEtcdFaults(report: Report, full: boolean): Promise<void> {
  report.section('3.7 etcd under fire');
  const server = await startEtcd();
  try {
    fillEtcd(server);
    await proveDown(report, server);
    await proveLies(report, server);
    await proveEtcdJudged(report, server);
    await proveFullDisks(report, server);
    await proveEtcdDamage(report, server, full);
    await proveEtcdMidway(report, server);
  } finally {
    server.close();
  }
  await proveLogins(report);
}

async function proveLogins(report: Report): Promise<void> {
  const guarded = await startEtcd();
  try {
    fillEtcd(guarded);
    for (const [user, role] of [
      ['root', 'root'],
      ['reader', 'reads'],
    ] as const) {
      guarded.ctl('role', 'add', role);
      guarded.ctl('user', 'add', user, '--new-user-password=right');
      guarded.ctl('user', 'grant-role', user, role);
    }
    guarded.ctl('role', 'grant-permission', 'reads', 'read', '', '--from-key');
    guarded.ctl('auth', 'enable');
    for (const [user, password, says, promise] of [
      ['root', 'wrong', /database-login-refused/, 'a wrong password is called one'],
      ['nobody', 'right', /database-login-refused/, 'a user that is not there is called one'],
      ['reader', 'right', /dump-not-allowed/, 'a user who may read every key, and is given no snapshot, is called one'],
      [undefined, 'right', /database-login-refused/, 'no user, where one is asked for, is called that'],
    ] as const) {
      const login = user === undefined ? {} : { user, password: { file: 'FOLDER/own' } };
      const place = etcdPlace(guarded, { server: { url: guarded.url, ...login } }, { own: password });
      const answered = await place.estate.type(...runOf(place));
      report.row(
        `3.7 ${promise}`,
        answered.command,
        'the exit code, the words, ls of the points',
        (answered.status === 1 &&
          says.test(saysOf(answered)) &&
          pointsIn(place.copies).length === 0 &&
          left(place).length === 0) ||
          seen(answered),
      );
      place.estate.close();
    }
    const root = { url: guarded.url, user: 'root', password: { file: 'FOLDER/own' } };
    const place = etcdPlace(guarded, { server: root }, { own: 'right' });
    const right = await place.estate.type(...runOf(place));
    report.control('a login that nobody passes', right.status === 0 && pointsIn(place.copies).length === 1);
    place.estate.close();
  } finally {
    guarded.close();
  }
}

async function proveDown(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server);
  await place.estate.type(...runOf(place));
  server.stop();
  const down = await place.estate.type(...runOf(place));
  server.start();
  report.row(
    '3.7 a member that is down: a failed run, and the last point stays',
    down.command,
    'ls of the points',
    (down.status === 1 && /database-unreachable/.test(saysOf(down)) && pointsIn(place.copies).length === 1) ||
      seen(down),
  );
  const up = await place.estate.type(...runOf(place));
  report.control('a member that is down for ever', up.status === 0 && pointsIn(place.copies).length === 2);
  place.estate.close();
}

/** Whatever etcdctl writes, and however it ends. */
async function proveLies(report: Report, server: EtcdTestServer): Promise<void> {
  const place = etcdPlace(server);
  const whole = 'for file; do :; done; case " $* " in *" snapshot save "*) ;; *) exec "$REAL" "$@";; esac';
  for (const [what, body] of [
    ['a program that is killed midway', '"$REAL" "$@"; truncate -s 8000 "$file"; kill -9 $$'],
    ['a program that says nothing, writes nothing and ends well', 'exit 0'],
    ['an empty file and a good end', ': >"$file"'],
    ['half of a snapshot, and a good end', '"$REAL" "$@"; truncate -s $(($(stat -c %s "$file") / 2)) "$file"'],
    ['a snapshot without its last bytes', '"$REAL" "$@"; truncate -s -32 "$file"'],
    ['zeros that end well', 'head -c 65568 /dev/zero >"$file"'],
    [
      'a snapshot with another digest behind it',
      '"$REAL" "$@"; head -c -32 "$file" >"$file.2"; head -c 32 /dev/zero >>"$file.2"; mv "$file.2" "$file"',
    ],
    ['a snapshot with another value in a page of it', `"$REAL" "$@"; LC_ALL=C sed -i 's/value 11/VALUE 11/' "$file"`],
  ] as const) {
    const cut = await typedWith(place, '/usr/bin/etcdctl', `${whole}\n${body}`, runOf(place));
    report.row(
      `3.7 ${what}: no such snapshot is sealed`,
      cut.command,
      'ls of the points; find',
      (cut.status === 1 &&
        /nothing-dumped/.test(saysOf(cut)) &&
        pointsIn(place.copies).length === 0 &&
        left(place).length === 0) ||
        seen(cut, left(place).join()),
    );
  }
  const good = await typedWith(place, '/usr/bin/etcdctl', `${whole}\n"$REAL" "$@"`, runOf(place));
  report.control('a check that takes no snapshot at all', good.status === 0 && pointsIn(place.copies).length === 1);
  place.estate.close();
}

/** Of the points, and of where the file lies for a moment. */
async function proveFullDisks(report: Report, server: EtcdTestServer): Promise<void> {
  for (const [what, layer, size, filler] of [
    ['at the target', { to: 'FOLDER/small/copies', compress: 'none' }, '24m', 7_000_000],
    ['in `staging`', { staging: 'FOLDER/small' }, '2m', 2_000_000],
  ] as const) {
    const place = etcdPlace(server, layer);
    const small = join(place.estate.folder, 'small');
    sh(`mkdir small; mount -t tmpfs -o size=${size},mode=0700 tmpfs small`, place.estate.folder);
    try {
      sh(`head -c ${filler} /dev/zero >small/filler`, place.estate.folder);
      if (size === '24m') for (let key = 0; key < 240; key += 1) server.ctl('put', `large ${key}`, 'x'.repeat(100_000));
      const filled = await place.estate.type(...runOf(place));
      const names = readdirSync(small, { recursive: true }).map(String);
      report.row(
        `3.7 a full disk ${what} is called one, and nothing half is left`,
        filled.command,
        'find',
        (filled.status === 1 &&
          /disk-full|no-room/.test(saysOf(filled)) &&
          names.every((name) => ['filler', 'copies', 'copies/etcd'].includes(name))) ||
          seen(filled, names.join()),
      );
      sh(`rm small/filler; mount -o remount,size=64m small`, place.estate.folder);
      const roomy = await place.estate.type(...runOf(place));
      report.control(`a disk that is full for ever (${what})`, roomy.status === 0);
    } finally {
      sh(`umount '${small}'`, '/');
      place.estate.close();
    }
  }
}
