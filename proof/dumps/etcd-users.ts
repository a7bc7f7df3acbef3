// 3.15 etcd with users: a snapshot is for root alone, brings users and roles back, and the passwords of its day.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EtcdTestServer, startEtcd } from '../../src/layers/etcd/server.test-support.ts';
import { seen } from '../declare/world.ts';
import { tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { asked, etcdPicture, etcdPlace, fillEtcd } from './etcd-values.ts';
import { bringPoint, live, newest, runOf, type StorePlace, saysOf } from './stores.ts';

export async function proveUsers(report: Report): Promise<void> {
  const guarded = await startEtcd();
  const password = `it's a "pass": $(x)`;
  const place = etcdPlace(
    guarded,
    { server: { url: guarded.url, user: 'root', password: { file: 'FOLDER/root' } } },
    { root: password },
  );
  const login = `--user=root:${password}`;
  const picture = () => usersIn(guarded, password);
  try {
    fillEtcd(guarded);
    for (const [user, role] of [
      ['root', 'root'],
      ['reader', 'reads'],
    ] as const) {
      guarded.ctl('role', 'add', role);
      guarded.ctl('user', 'add', user, `--new-user-password=${password}`);
      guarded.ctl('user', 'grant-role', user, role);
    }
    guarded.ctl('role', 'grant-permission', 'reads', 'read', '/registry/', '--prefix=true');
    guarded.ctl('auth', 'enable');
    const before = picture();
    const taken = await place.estate.type(...runOf(place));
    const point = newest(place);
    guarded.ctl(login, 'user', 'delete', 'reader');
    guarded.ctl(login, 'role', 'delete', 'reads');
    guarded.ctl(login, 'del', '', '--from-key');
    report.control('users that were wrecked', picture() !== before);
    const back = await place.estate.type(...live(point));
    const reads = tried('etcdctl', [
      ...[`--endpoints=${guarded.url}`, `--user=reader:${password}`],
      ...['get', '/registry/secrets/1', '--print-value-only'],
    ]);
    report.row(
      '3.15 with users: keys, users and roles come back, and who may read may read again',
      back.command,
      `${asked}, user list, role list; as that user`,
      (taken.status === 0 && back.status === 0 && picture() === before && reads.says.trim() === 'value 1') ||
        seen(taken, back, reads.says),
    );
    await proveNewPassword(report, guarded, place, { point, password, before });
  } finally {
    place.estate.close();
    guarded.close();
  }
}

/** The snapshot has the password of its day: whoever logs in with the one of today would be locked out of what came back. */
async function proveNewPassword(
  report: Report,
  guarded: EtcdTestServer,
  place: StorePlace,
  { point, password, before: ofThatDay }: Readonly<{ point: string; password: string; before: string }>,
): Promise<void> {
  const newer = '--user=root:newer';
  const words = [`--endpoints=${guarded.url}`, `--user=root:${password}`, 'user', 'passwd', 'root'];
  execFileSync('etcdctl', [...words, '--interactive=false'], { input: 'newer', stdio: ['pipe', 'ignore', 'pipe'] });
  writeFileSync(join(place.estate.folder, 'root'), 'newer');
  guarded.ctl(newer, 'put', 'since', 'then');
  const before = etcdPicture(guarded, newer);
  const locked = await place.estate.type(...live(point));
  report.row(
    '3.15 a password that was changed since is named, and what was there is led back',
    locked.command,
    `${asked}, with the newer one`,
    (locked.status !== 0 && /database-login-refused/.test(saysOf(locked)) && etcdPicture(guarded, newer) === before) ||
      seen(locked),
  );
  const taken = await place.estate.type(...runOf(place));
  guarded.ctl(newer, 'put', 'since', 'today');
  const fits = await place.estate.type(...live(newest(place)));
  report.control(
    'a restore that no password fits',
    taken.status === 0 && fits.status === 0 && etcdPicture(guarded, newer) === before,
  );
  const root = { user: 'root', password: { file: 'FOLDER/root' } };
  const both = etcdPlace(
    guarded,
    { server: { url: guarded.url, ...root }, restore_as: { ...root, password: { file: 'FOLDER/earlier' } } },
    { root: 'newer', earlier: password },
  );
  bringPoint(place, point, both);
  const back = await both.estate.type(...live(point));
  report.row(
    '3.15 with `restore_as`, who logged in on that day, it comes back with the users and passwords of that day',
    back.command,
    `${asked}, user list, role list, with the earlier one`,
    (back.status === 0 && usersIn(guarded, password) === ofThatDay) || seen(back),
  );
  both.estate.close();
}

const usersIn = (guarded: EtcdTestServer, password: string): string => {
  const login = `--user=root:${password}`;
  return `${etcdPicture(guarded, login)} ${guarded.ctl(login, 'user', 'list')} ${guarded.ctl(login, 'role', 'list')}`;
};
