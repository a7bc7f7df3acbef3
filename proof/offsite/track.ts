// The change journal beside real work, by each way to listen: whatever happens, a consumer is led to each thing that changed, and to
// little else. The authority is find: which inodes and times of change are there before and after.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Listener } from '../../src/model/change-journal.ts';
import { holds } from '../layers/holds.ts';
import { at, unlessFaked } from '../layers/schedules/at.ts';
import type { Report } from '../report.ts';
import { alone } from './alone.ts';
import { here } from './look.ts';
import { processesBelow } from './processes.ts';
import { census, changedBetween, type TrackPlace, trackPlace, uncovered } from './track/place.ts';

const find = 'find -printf %i %C@ before and after';

export async function proveTrack(report: Report): Promise<void> {
  report.section('The change journal: real work, overflow, a tracker that was dead, trees moved in, a disk that goes');
  if (process.getuid?.() !== 0) return report.skip('the change journal', 'fanotify for a file system needs root');
  const unless = unlessFaked();
  if (unless !== false) return report.skip('the change journal', unless);
  for (const listener of ['fanotify', 'inotify'] as const)
    await alone(report, {
      [`${listener} beside work`]: () => following(listener, (place) => proveWork(report, listener, place)),
      [`${listener} dead`]: () => following(listener, (place) => proveDead(report, listener, place)),
    });
  await alone(report, { 'a disk that goes': () => proveAway(report) });
}

type Following = TrackPlace & Readonly<{ kill(): Promise<void>; pid: number; again(): Promise<void> }>;

/** A folder with 2,000 files that nobody touches, and a tracker that has told of all of it. */
async function following(listener: Listener, work: (place: Following) => Promise<void>): Promise<void> {
  const place = trackPlace(listener);
  here(
    `mkdir -p ${place.folder}/still; cd ${place.folder}/still; seq 2000 | xargs touch; mkdir ${place.beside}/many; cd ${place.beside}/many; seq 10000 | xargs touch`,
  );
  let started = await place.start();
  const kill = async () => {
    started.process.kill('SIGKILL');
    await started.ended;
  };
  try {
    await place.acknowledge(await place.changes());
    await work({
      ...place,
      kill,
      get pid() {
        return started.process.pid ?? 0;
      },
      again: async () => {
        started = await place.start();
      },
    });
  } finally {
    await kill();
    place.close();
  }
}

/** What an afternoon does to a share. The names with a line end and no UTF-8 are those that break lists. */
const afternoon = `mkdir -p code/src deep/a/b/c photos; echo 1 >photos/1; echo 2 >photos/2
git -c init.defaultBranch=main init -q code; cd code; for n in $(seq 60); do echo $n >src/$n; done; git add -A; git -c user.name=x -c user.email=x@x commit -qm one
git checkout -qb other; echo more >>src/3; git rm -q src/4; git -c user.name=x -c user.email=x@x commit -qam two; git checkout -q main; git gc -q; cd ..
tar -C /usr/include -c linux 2>/dev/null | tar -x -C deep/a/b; rsync -a deep/a/b/ deep/a/copy/; mv deep/a/copy deep/moved; rm -r deep/a/b
sqlite3 data.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)' >/dev/null; sqlite3 data.db 'DELETE FROM t; VACUUM'
echo x >"$(printf 'new\\nline')"; echo x >"$(printf 'bad\\377name')"; echo x >'gone (deleted)'; ln photos/1 linked; ln -s nowhere dangling; mkfifo pipe
chmod 600 photos/2; chown 5:6 linked; setfattr -n user.x -v y photos/2; mv photos albums; mv albums/1 'albums/one more'; cp -a still still-too; rm still-too/7; truncate -s 1M albums/2`;

async function proveWork(report: Report, listener: Listener, place: Following): Promise<void> {
  const { folder, beside } = place;
  const command = `holdfast track ${folder} --listener ${listener}`;
  const before = census(folder);
  here(`cd ${folder}; ${afternoon}`);
  const changes = await place.changes();
  const paths = changedBetween(before, census(folder));
  const missed = uncovered(paths, changes);
  const untouched = [...before.keys()].filter((path) => uncovered([path], changes).length === 0);
  report.row(
    `${listener}: git, tar, rsync, sqlite, renames, deletions, attributes, names of every kind: each thing that changed is told, and of what was left alone nothing`,
    command,
    find,
    holds(
      {
        'enough happened': paths.length > 500,
        'none is missed': missed.length === 0,
        'what stayed': untouched.length <= 1,
      },
      `${paths.length} changed; missed ${missed.slice(0, 5).join()}; told for nothing ${untouched.length}: ${untouched.slice(0, 3).join()}`,
    ),
  );
  const lacking = { ...changes, touched: changes.touched.filter(({ path }) => path !== 'data.db') };
  report.control(
    `${listener}: a change that nobody was told of`,
    uncovered(paths, lacking).length > 0 || paths.every((path) => path !== 'data.db'),
  );
  await place.acknowledge(changes);

  here(`mv ${beside}/many ${folder}/moved-in`);
  const moved = await place.changes();
  report.row(
    `${listener}: 10,000 files moved in as a whole are one subtree to look through, and nothing else is`,
    `${command}; mv`,
    find,
    holds(
      {
        'that one': moved.rescans.map(({ path }) => path).join() === 'moved-in',
        'nothing beside': moved.touched.length <= 2,
      },
      JSON.stringify([moved.rescans, moved.touched.slice(0, 5)]),
    ),
  );
  await place.acknowledge(moved);
  const then = census(folder);
  here(`cd ${folder}; mv moved-in renamed; for n in $(seq 100); do rm renamed/$n; echo x >renamed/new-$n; done`);
  const after = await place.changes();
  const told = changedBetween(then, census(folder)).filter((path) => path.startsWith('renamed/new-'));
  report.row(
    `${listener}: a renamed folder is told with both names, and what changes in it from then on file by file`,
    `${command}; mv; rm`,
    find,
    holds(
      {
        'both names': after.renamed.some(({ from, to }) => from === 'moved-in' && to === 'renamed'),
        'what came':
          told.length === 100 &&
          uncovered(told, { ...after, renamed: [], rescans: after.rescans.filter(({ path }) => path === 'renamed') })
            .length === 0,
        'what went':
          after.touched.filter(({ path }) => /^renamed\/\d+$/.test(path)).length >= 100 ||
          after.rescans.some(({ path }) => path === 'renamed'),
      },
      JSON.stringify([after.renamed, after.touched.length, after.rescans]),
    ),
  );
  await place.acknowledge(after);
  await proveOverflow(report, listener, place, command);
}

/** The listener is held still while more happens than the kernel keeps of inotify; of fanotify it keeps all, for root. */
async function proveOverflow(report: Report, listener: Listener, place: Following, command: string): Promise<void> {
  const { folder } = place;
  const limit = Number(here(`cat /proc/sys/fs/${listener}/max_queued_events`));
  here(`mkdir ${folder}/flood; touch ${folder}/flood/first`);
  await place.acknowledge(await place.changes());
  const before = census(folder);
  const held = processesBelow(place.pid);
  for (const pid of held) process.kill(pid, 'SIGSTOP');
  here(`cd ${folder}/flood; perl -e 'for (1..${limit + 4000}) { open F, ">", $_ }'; rm ../still/1`);
  for (const pid of held) process.kill(pid, 'SIGCONT');
  const changes = await place.changes();
  const missed = uncovered(changedBetween(before, census(folder)), changes);
  report.row(
    listener === 'fanotify'
      ? 'fanotify: nothing of a flood is missed while its listener is held'
      : 'inotify: more at once than the kernel keeps is said, and nothing of it is missed',
    `${command}; kill -STOP of its listener; ${limit + 4000} files`,
    find,
    holds(
      {
        'it was held': held.length > 0,
        'said so': listener === 'fanotify' || changes.rescans.some(({ why }) => why === 'overflow'),
        'none is missed': missed.length === 0,
      },
      `${held.length} held; ${JSON.stringify(changes.rescans)}; missed ${missed.slice(0, 5).join()} of ${missed.length}`,
    ),
  );
  await place.acknowledge(changes);
  const calm = await place.changes();
  report.control(
    `${listener}: a flood that is told for ever`,
    calm.rescans.length === 0 && !calm.touched.some(({ path }) => path.startsWith('flood/')),
  );
}

async function proveDead(report: Report, listener: Listener, place: Following): Promise<void> {
  const { folder } = place;
  const command = `holdfast track ${folder} --listener ${listener}; kill -9 of the tracker`;
  // What the journal looks back by, so that what was made before is older than that.
  await pause(5000);
  here(`echo 1 >${folder}/before-its-death`);
  await place.changes();
  const alive = await place.estate.type(...place.status);
  await place.kill();
  const before = census(folder);
  here(
    `cd ${folder}; echo 1 >while-dead; rm still/5; mv still/6 still/six; mkdir filled; touch filled/x; chmod 600 still/8; printf more >>before-its-death`,
  );
  const minutes = (some: number) => new Date(Date.now() + some * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const later = await at(place.estate, minutes(10)).type(...place.status);
  report.control(
    `${listener}: a change while the tracker is dead, which a consumer takes for nothing`,
    alive.status === 0 && later.status === 1,
  );
  await place.again();
  here(`echo 2 >${folder}/after`);
  const changes = await place.changes();
  const missed = uncovered(changedBetween(before, census(folder)), changes);
  const gap = changes.rescans.find(({ why }) => why === 'started');
  const since = gap?.since === undefined ? Number.NaN : Date.parse(gap.since) / 1000;
  const bounded = [...before].filter(([, is]) => Number(is.split(' ')[1]) >= since).length;
  report.row(
    `${listener}: what changed while it was dead is led to by the next one, by a look that is bounded to that time`,
    command,
    `${find}; the time of change of each file`,
    holds(
      {
        'none is missed': missed.length === 0,
        'a gap with its beginning': Number.isFinite(since),
        'it is later than all the rest': bounded < 20,
        'what was told before its death': uncovered(['before-its-death'], changes).length === 0,
      },
      `missed ${missed.join()}; ${JSON.stringify(changes.rescans)}; ${bounded} of ${before.size} changed since`,
    ),
  );
  await place.acknowledge(changes);
  await proveTorn(report, listener, place);
}

/** A power cut leaves half of a line, or none of it. */
async function proveTorn(report: Report, listener: Listener, place: Following): Promise<void> {
  const { folder } = place;
  const before = census(folder);
  here(`cd ${folder}; for n in $(seq 50); do echo $n >torn-$n; done`);
  await place.changes();
  await place.kill();
  here(`cd ${place.journal()}/segments; last=$(ls | tail -1); truncate -s -75 $last`);
  await place.again();
  const changes = await place.changes();
  const missed = uncovered(changedBetween(before, census(folder)), changes);
  report.row(
    `${listener}: a journal whose tail was torn off leads to all that changed`,
    'kill -9 of the tracker; truncate -s -75 of its last segment; holdfast track',
    find,
    missed.length === 0 || new Error(`missed ${missed.slice(0, 5).join()} of ${missed.length}`),
  );
}

/** Its disk is taken away under it, and comes back. */
async function proveAway(report: Report): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-e2e-')));
  here(
    `cd ${root}; mkdir share; truncate -s 32M share.img; mke2fs -q -t ext4 share.img; mount -o loop share.img share; rmdir share/lost+found; cd share; seq 100 | xargs touch`,
  );
  const place = trackPlace('fanotify', root);
  const started = await place.start();
  const command = `holdfast track ${place.folder}; umount`;
  try {
    await place.acknowledge(await place.changes());
    here(`umount ${root}/share || umount --lazy ${root}/share`);
    const away = await settled(place, ({ watch }) => watch.state === 'away');
    const gone = away.touched.filter(({ path }) => /^\d+$/.test(path));
    report.row(
      'a share whose disk is gone is away, and nothing in it is told as removed',
      command,
      'findmnt; what a consumer is told',
      holds(
        { away: away.watch.state === 'away', 'nothing removed': gone.length === 0 && away.rescans.length === 0 },
        JSON.stringify([away.watch, gone.length, away.rescans]),
      ),
    );
    here(`mount -o loop ${root}/share.img ${root}/share; echo x >${root}/share/5`);
    const back = await settled(place, ({ watch }) => watch.state === 'following');
    report.control(
      'a share that is back and stays away for its consumers',
      back.watch.state === 'following' && uncovered(['5'], back).length === 0,
    );
  } finally {
    started.process.kill('SIGKILL');
    await started.ended;
    spawnSync('umount', [`${root}/share`]);
    place.close();
  }
}

async function settled(place: TrackPlace, is: (changes: Awaited<ReturnType<TrackPlace['read']>>) => boolean) {
  for (let tried = 0; ; tried += 1) {
    const changes = await place.read();
    if (is(changes) || tried > 300) return changes;
    await pause(200);
  }
}
