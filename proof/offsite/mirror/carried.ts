// What happens in a share is in its mirror after the next run; what that displaced stays, and the share as it was comes back.
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import type { Report } from '../../report.ts';
import { asked, differences, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { fill, type MirrorPlace, mirrorPlace } from './place.ts';

export async function proveCarried(report: Report, nas: Nas): Promise<void> {
  const place = await mirrorPlace(nas, 'carried', { budget: 60 });
  try {
    fill(place.share);
    const first = await place.run();
    report.row(
      'a share is mirrored with everything it has, under every kind of name',
      first.command,
      `${asked}, at the NAS`,
      (first.status === 0 && place.differs() === '') || seen(first, place.differs()),
    );
    const was = join(place.estate.folder, 'was');
    here(
      `cp -a --reflink=auto ${place.share} ${was}; rsync -aHAXS --numeric-ids --modify-window=-1 --delete ${place.share}/ ${was}/`,
    );
    const before = place.differs();
    await proveCarriedNow(report, nas, place);
    await proveBackThen(report, place, was);
    await proveMany(report, place);
    await proveFullPass(report, nas, place);
    report.control('a share and a mirror that never differ', before === '');
  } finally {
    await place.close();
  }
}

async function proveCarriedNow(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const { share, tree, root } = place;
  const inodes = () =>
    nas.sh(`stat -c '%n %i' ${tree}/album/* ${tree}/renamed/* 2>/dev/null | sed 's|.*/||' | sort || true`);
  const inode = inodes();
  here(
    `cd ${share}; rm many/1 many/2; echo overwritten >many/3; mv album renamed; mv many/4 one/moved; chmod 600 many/5; setfattr -n user.x -v y many/6; rm one/1; echo new >"one/new name"; rm pipe; mkdir pipe; touch -d 2005-05-05 many/7; setfacl -b one/two/2; ln many/8 many/eight`,
  );
  const differed = place.differs();
  const ran = await place.run();
  report.row(
    'deletions, renames, overwrites, attributes, new links: all of it is carried by the next run',
    ran.command,
    `${asked}, at the NAS`,
    (ran.status === 0 && place.differs() === '' && differed !== '') || seen(ran, place.differs()),
  );
  report.row(
    'a renamed folder is renamed there: its files are the same ones',
    'mv album renamed; holdfast run mirror --now',
    'stat %i at the NAS',
    holds(
      { 'the same inodes': inodes() === inode, 'twenty of them': inode.split('\n').length === 20 },
      `${inode.slice(0, 200)} | ${inodes().slice(0, 200)}`,
    ),
  );
  const kept = nas.sh(`cat ${root}/.kept/*/many/1 ${root}/.kept/*/many/3 ${root}/.kept/*/one/1`);
  report.row(
    'what was removed and overwritten stays beside the mirror, under its own name',
    ran.command,
    'cat of .kept/RUN at the NAS',
    kept === '1\n3\n1' || new Error(kept),
  );
}

/** Undelete, in three sizes. */
async function proveBackThen(report: Report, place: MirrorPlace, was: string): Promise<void> {
  const [first = ''] = await place.points();
  const restore = (to: string, ...more: string[]) =>
    place.estate.type('restore', 'photos', '--point', first, ...more, '--to', join(place.estate.folder, to), '--yes');
  const at = (name: string) => join(place.estate.folder, name);
  // A restore ends on the machine of the mirror, whose console sees this folder, too.
  const whole = await restore('back');
  const wrong = whole.status === 0 ? differences(here, was, at('back')) : 'not restored';
  report.row('the whole share as it was at an earlier run', whole.command, asked, wrong === '' || seen(whole, wrong));
  for (const [what, only] of [
    ['one file that was removed', 'many/1'],
    ['one file that was overwritten', 'many/3'],
    ['one folder that was renamed', 'album'],
  ] as const) {
    const to = `back-${only.replace('/', '-')}`;
    const part = await restore(to, '--only', only);
    const differs = part.status === 0 ? differences(here, join(was, only), join(at(to), only)) : 'not restored';
    const count = part.status === 0 ? here(`find ${at(to)} -type f | wc -l`) : '';
    report.row(
      `undelete: ${what}, and nothing beside it`,
      part.command,
      asked,
      (differs === '' && count === (only === 'album' ? '20' : '1')) || seen(part, `${differs} ${count}`),
    );
  }
  const now = place.estate.type('restore', 'photos', '--only', 'many/1', '--to', at('none'), '--yes');
  report.control('a file that was removed, in the newest point', (await now).status !== 0);
}

async function proveMany(report: Report, place: MirrorPlace): Promise<void> {
  const { share, track } = place;
  here(
    `mkdir ${track.beside}/in; cd ${track.beside}/in; seq 10000 | xargs touch; mv ${track.beside}/in ${share}/moved-in`,
  );
  const ran = await place.run();
  report.row(
    '10,000 files that are moved in as a whole',
    ran.command,
    `${asked}, at the NAS`,
    (ran.status === 0 && place.differs() === '') || seen(ran, place.differs()),
  );
  await place.endTracker();
  here(`cd ${share}; echo while-dead >many/9; rm many/10; mv moved-in/5 moved-in/five; mkdir filled; touch filled/x`);
  await place.startTracker();
  const after = await place.run();
  report.row(
    'what changed while the tracker was dead',
    after.command,
    `${asked}, at the NAS`,
    (after.status === 0 && place.differs() === '') || seen(after, place.differs()),
  );
}

/** The journal is made to miss something: it is counted, listed, repaired, and makes the run degraded. Else it has missed nothing. */
async function proveFullPass(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  place.declare({ full_pass: '1s' });
  const clean = await place.run();
  report.row(
    'the full pass finds that the journal has missed nothing',
    clean.command,
    'its exit code and words; diff at the NAS',
    (clean.status === 0 && place.differs() === '') || seen(clean),
  );
  nas.sh(`echo 'what nobody told of' >${place.tree}/many/50; rm ${place.tree}/many/51`);
  const found = await place.run();
  const said = found.stdout + found.stderr;
  report.row(
    'a full pass with a planted miss: counted, named, repaired, degraded',
    found.command,
    `${asked}, at the NAS`,
    holds(
      {
        degraded: found.status === 3,
        named: /many\/50/.test(said) && /many\/51/.test(said),
        repaired: place.differs() === '',
      },
      `${found.status} ${said.slice(-600)} ${place.differs().slice(0, 300)}`,
    ),
  );
  place.declare({ full_pass: '30d' });
  nas.sh(`echo 'what nobody told of' >${place.tree}/many/52`);
  await place.run();
  report.control('a miss that a run without a full pass would have found', place.differs() !== '');
  place.declare({ full_pass: '1s' });
  await place.run();
  await proveRotten(report, nas, place);
}

/** A byte that the disk of the NAS has lost, under the same size and times. */
async function proveRotten(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  nas.sh(
    `cd ${place.tree}/many; touch -r 60 /tmp/hf-time-$$; printf X | dd of=60 bs=1 conv=notrunc status=none; touch -r /tmp/hf-time-$$ 60; rm /tmp/hf-time-$$`,
  );
  await place.run();
  report.control('a lost byte that a pass without contents would have found', place.differs() !== '');
  place.declare({ full_pass: '1s', content_pass: '1s' });
  const found = await place.run();
  const said = found.stdout + found.stderr;
  report.row(
    'a byte that the disk of the mirror lost is found by a pass over the contents, and both versions are there',
    found.command,
    'diff -r and cat at the NAS',
    holds(
      {
        degraded: found.status === 3,
        named: /same size and times.*many\/60/.test(said),
        repaired: place.differs() === '',
        'the other is kept': /^X/.test(nas.sh(`cat ${place.root}/.kept/*/many/60`)),
      },
      `${found.status} ${said.slice(-600)}`,
    ),
  );
  place.declare({ full_pass: '1s' });
}
