// What must not cost a file: a deletion above the budget, a share or a NAS that is gone, a NAS that is full, two hosts, links that lead out.
import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import { tried } from '../../layers/place.ts';
import type { Report } from '../../report.ts';
import { alone } from '../alone.ts';
import { asked, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { fill, type MirrorPlace, mirrorPlace } from './place.ts';

export async function proveFire(report: Report, nas: Nas): Promise<void> {
  const within = (name: string, prove: (report: Report, nas: Nas, place: MirrorPlace) => Promise<void>) => async () => {
    const place = await mirrorPlace(nas, name);
    try {
      fill(place.share);
      const first = await place.run();
      if (first.status !== 0) throw seen(first);
      await prove(report, nas, place);
    } finally {
      await place.close();
    }
  };
  await alone(report, {
    budget: within('budget', proveBudget),
    gone: within('gone', proveGone),
    full: within('full', proveFull),
    hosts: within('hosts', proveHosts),
    swapped: within('swapped', proveSwapped),
    unmounted: () => proveUnmounted(report, nas),
  });
}

const picture = (nas: Nas, { root }: MirrorPlace): string =>
  nas.sh(`cd ${root}; find tree .kept -printf '%p %y %m %s %T@ %C@ %i\\n' | sort`);

async function proveBudget(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const before = picture(nas, place);
  here(`cd ${place.share}/many; seq 60 | xargs rm`);
  const stopped = await place.run();
  const said = stopped.stdout + stopped.stderr;
  report.row(
    'rule 4: a deletion above the budget stops for approval, and changes nothing',
    stopped.command,
    'find -printf %C@ at the NAS',
    holds(
      {
        stopped: stopped.status === 1,
        'said so': /mirror-over-budget/.test(said),
        'as it was': picture(nas, place) === before,
      },
      `${stopped.status} ${said.slice(-700)}`,
    ),
  );
  const [, digest = ''] = /displaced: ([0-9a-f]{12,})/.exec(said) ?? [];
  const approved = [
    { displaced: digest === '' ? '000000000000' : digest, reason: 'they were moved to the archive', owner: 'ops' },
  ];
  place.declare({ approved: [{ ...approved[0], displaced: '0123456789ab' }] });
  const wrong = await place.run();
  report.control('an approval of something else', wrong.status === 1 && picture(nas, place) === before);
  place.declare({ approved });
  const agreed = await place.run();
  report.row(
    'the approval of that list lets it through',
    `approved: { displaced: ${digest} }; ${agreed.command}`,
    `${asked}, at the NAS`,
    (agreed.status === 0 && place.differs() === '') || seen(agreed, place.differs()),
  );
  here(`cd ${place.share}/many; seq 60 | xargs touch`);
  await place.run();
  here(`cd ${place.share}/many; seq 60 | xargs rm`);
  report.control('an approval that is used twice', (await place.run()).status === 1);
}

async function proveGone(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const { share } = place;
  nas.gone();
  const failed = [];
  try {
    for (const night of [1, 2, 3]) {
      here(`cd ${share}; echo ${night} >night-${night}; rm many/${night}; mv many/1${night} one/`);
      failed.push(await place.run());
    }
  } finally {
    nas.back();
  }
  const differed = place.differs();
  const caught = await place.run();
  report.row(
    'a NAS that is gone for nights: each run fails, and what changed meanwhile is carried when it is back',
    `${failed[0]?.command}, its cable pulled; ${caught.command}`,
    `${asked}, at the NAS`,
    holds(
      {
        'each failed': failed.every(({ status }) => status === 1),
        'carried then': caught.status === 0 && place.differs() === '',
      },
      `${failed.map(({ status }) => status).join()} ${caught.status} ${place.differs().slice(0, 300)} ${caught.stdout.slice(-300)}`,
    ),
  );
  report.control('a journal that is acknowledged while the NAS is gone', differed !== '');
}

async function proveFull(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const before = picture(nas, place);
  here(`head -c 30000000 /dev/urandom >${place.share}/large; echo other >${place.share}/many/1`);
  nas.fill(5000);
  const full = await place.run();
  const now = picture(nas, place);
  nas.makeRoom();
  report.row(
    'a NAS that is full: the run fails, and the mirror is what it was',
    full.command,
    'df and find -printf %C@ at the NAS',
    holds(
      { failed: full.status === 1 || full.status === 3, 'as it was': now === before },
      `${full.status} ${full.stdout.slice(-500)}`,
    ),
  );
  const again = await place.run();
  report.control('a NAS that stays full for every run after', again.status === 0 && place.differs() === '');
}

async function proveHosts(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const other = await mirrorPlace(nas, 'hosts');
  const own = await mirrorPlace(nas, 'hosts-own');
  try {
    here(`echo of-another >${other.share}/one; echo of-another >${own.share}/one`);
    const before = picture(nas, place);
    const refused = await other.run();
    report.row(
      'rule 3: another share is refused the mirror of this one, and changes nothing in it',
      refused.command,
      'find -printf %C@ at the NAS',
      holds(
        {
          refused: refused.status === 1,
          'said so': /destination-owned/.test(refused.stdout + refused.stderr),
          'as it was': picture(nas, place) === before,
        },
        `${refused.status} ${refused.stdout.slice(-400)}`,
      ),
    );
    here(`echo more >${place.share}/more`);
    const both = await Promise.all([place.run(), own.run()]);
    report.control(
      'two hosts, each with a folder of its own, that are in each other’s way',
      both.every(({ status }) => status === 0) && place.differs() === '' && own.differs() === '',
    );
  } finally {
    await own.close();
    await other.endTracker();
    tried('rm', ['-rf', other.estate.folder]);
  }
}

/** Folders become links to elsewhere and back, on the share and in the mirror's own way there, while a run is at work. */
async function proveSwapped(report: Report, nas: Nas, place: MirrorPlace): Promise<void> {
  const { share } = place;
  const outside = join(place.estate.folder, 'outside');
  here(
    `mkdir ${outside}; cd ${outside}; for n in $(seq 100); do echo secret >secret-$n; done; cd ${share}; for n in $(seq 20); do mkdir folder-$n; cp -a ${share}/many/. folder-$n/; done`,
  );
  const before = here(`find ${outside} -printf '%p %s %C@ %n\\n' | sort`);
  const swapper = spawn('perl', [
    ...[
      '-e',
      'chdir $ARGV[1]; while (getppid() == $ARGV[0]) { for (1..20) { rename "folder-$_", "away-$_"; symlink $ARGV[2], "folder-$_"; select undef, undef, undef, 0.002; unlink "folder-$_"; rename "away-$_", "folder-$_" } }',
    ],
    ...[`${process.pid}`, share, outside],
  ]);
  const ran = [];
  try {
    for (let nth = 0; nth < 3; nth += 1) {
      here(`touch ${share}/many/${nth + 1}`);
      ran.push(await place.estate.type('run', 'mirror', '--now'));
    }
  } finally {
    swapper.kill('SIGKILL');
  }
  const found = nas.sh(`grep -rl secret ${place.root} || true; find ${place.root} -name 'secret-*' | head -3`);
  report.row(
    'a folder that becomes a link during the walk leads nowhere: nothing outside is in the mirror, nothing there is written',
    ran[0]?.command ?? '',
    'grep at the NAS; find -printf %C@ of what lies outside',
    holds(
      {
        'nothing of it': found === '',
        'nothing changed there': here(`find ${outside} -printf '%p %s %C@ %n\\n' | sort`) === before,
      },
      `${found} ${ran.map(({ status }) => status).join()}`,
    ),
  );
  // What was swapped at the moment of a run is many files; how many may go is another row.
  place.declare({ budget: 100 });
  const calm = await place.run();
  report.control(
    'a share that has come to rest and is not carried',
    [0, 3].includes(calm.status ?? 1) && place.differs() === '',
  );
}

async function proveUnmounted(report: Report, nas: Nas): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-e2e-')));
  const share = join(root, 'share');
  here(
    `cd ${root}; mkdir share; truncate -s 64M share.img; mke2fs -q -t ext4 share.img; mount -o loop share.img share; rmdir share/lost+found`,
  );
  const place = await mirrorPlace(nas, 'unmounted', {}, root);
  try {
    fill(share);
    await place.run();
    const before = picture(nas, place);
    here(`umount --lazy ${share}`);
    const gone = await place.estate.type('run', 'mirror', '--now');
    here(`echo 'on the disk below' >${share}/below`);
    const other = await place.estate.type('run', 'mirror', '--now');
    report.row(
      'rule 4: a share that is not mounted, and one in whose place something else lies, removes nothing',
      `umount; ${gone.command}`,
      'find -printf %C@ at the NAS',
      holds(
        {
          'each failed': [gone, other].every(({ status }) => status === 1),
          'as it was': picture(nas, place) === before,
        },
        `${gone.status} ${other.status} ${other.stdout.slice(-400)}`,
      ),
    );
    here(`rm ${share}/below; mount -o loop ${root}/share.img ${share}; rm ${share}/many/3`);
    const back = await place.run();
    // What was mounted after the NAS was switched on is not seen from its console: each side tells what it has.
    const all = `{ find . -printf '%P %y %m %U %G %s %T@ %l\\n' | grep -av ' d ' | LC_ALL=C sort; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum`;
    report.control(
      'a share that is mounted again and is refused',
      [0, 3].includes(back.status ?? 1) && here(`cd ${share}; ${all}`) === nas.sh(`cd ${place.tree}; ${all}`),
    );
  } finally {
    await place.endTracker();
    tried('umount', [share]);
    await place.close();
  }
}
