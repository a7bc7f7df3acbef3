// What goes wrong under a copy of files: nothing good is lost, nothing bad is sealed, and what could not be taken is listed by name.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import { tried } from '../../layers/place.ts';
import type { Report } from '../../report.ts';
import { alone } from '../alone.ts';
import { differences, here } from '../look.ts';
import { type FilesPlace, filesPlace } from './place.ts';

export async function proveFire(report: Report): Promise<void> {
  await alone(report, {
    proveEmpty: within(proveEmpty),
    proveUnmounted,
    provePaths: within(provePaths),
    proveVanishing: within(proveVanishing),
    proveSwapped: within(proveSwapped),
    proveFull,
  });
}

const within = (prove: (report: Report, place: FilesPlace) => Promise<void>) => async (report: Report) => {
  const place = filesPlace();
  try {
    await prove(report, place);
  } finally {
    place.estate.close();
  }
};

async function proveEmpty(report: Report, place: FilesPlace): Promise<void> {
  here(`cd ${place.data}; echo 1 >one; echo 2 >two`);
  await place.run();
  const before = place.trees();
  here(`rm ${place.data}/*`);
  const ran = [await place.run(), await place.run()];
  here(`rmdir ${place.data}`);
  ran.push(await place.run());
  report.row(
    'rule 4: a source that is empty, or gone, makes no generation and takes none away',
    ran.map(({ command }) => command).join('; '),
    'ls of the points; exit codes',
    holds(
      {
        'each run says so': ran.every(({ status }) => status === 1 || status === 3),
        'the points': place.trees().join() === before.join() && before.length === 1,
        'what is in them': here(`cat ${before[0]}/one ${before[0]}/two`) === '1\n2',
      },
      ran.map(({ status, stderr }) => `${status} ${stderr}`).join('; '),
    ),
  );
  here(`mkdir ${place.data}; echo 3 >${place.data}/three`);
  const again = await place.run();
  report.control('a source with one file that is taken for none', again.status !== 1 && place.trees().length === 2);
}

async function proveUnmounted(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  const share = join(folder, 'data');
  const place = filesPlace('', folder);
  const { estate } = place;
  // The share is declared, as one that must be mounted.
  here(`sed -i 's|{ folder: ${share} }|{ folder: ${share}, mounted_at: ${share} }|' ${estate.file}
    truncate -s 16M ${folder}/share.img; mke2fs -q -t ext4 ${folder}/share.img; mount -o loop ${folder}/share.img ${share}; rm -r ${share}/lost+found; echo 1 >${share}/one`);
  let mounted = true;
  try {
    await place.run();
    here(`umount ${share}; echo 'on the disk below' >${share}/not-the-share`);
    mounted = false;
    const ran = await place.run();
    report.row(
      'rule 4: a share that is not mounted makes no generation, and what lies under its mount point is not taken for it',
      ran.command,
      'mount; ls of the points',
      holds(
        {
          'it failed': ran.status === 1 || ran.status === 3,
          'one point': place.trees().length === 1,
          'it says so': /mounted/.test(`${ran.stdout}${ran.stderr}`),
        },
        `${ran.status} ${ran.stdout}${ran.stderr}`,
      ),
    );
    here(`mount -o loop ${folder}/share.img ${share}`);
    mounted = true;
    const again = await place.run();
    report.control(
      'a share that is mounted and taken for one that is not',
      again.status === 0 && place.trees().length === 2,
    );
  } finally {
    if (mounted) here(`umount ${share}`);
    estate.close();
  }
}

/** 16 names of 250 letters: what lies below is longer than the kernel takes in one path. */
async function provePaths(report: Report, place: FilesPlace): Promise<void> {
  const name = 'd'.repeat(250);
  here(`cd ${place.data}; echo 1 >short; perl -e 'for (1..17) { mkdir "${name}" or die $!; chdir "${name}" or die $! } open F, ">", "file-$$" or die; print F "deep"'
    cd ${place.data}; perl -e 'mkdir "fits"; chdir "fits"; for (1..15) { mkdir "${name}" or die $!; chdir "${name}" or die $! } open F, ">", "bottom" or die; print F "bottom"'`);
  const ran = await place.run();
  const [tree = '/nowhere'] = place.trees();
  const said = `${ran.stdout}${ran.stderr}`;
  const rest = here(
    `cat ${tree}/short; cd ${tree}/fits; perl -e 'for (1..15) { chdir "${name}" or die $! } open F, "<", "bottom" or die; print <F>'`,
  );
  report.row(
    'a path beyond the limit of the system is listed by name, makes the run degraded, and the rest is copied',
    ran.command,
    'its exit code and words; cat of what lies beside it and just within the limit',
    holds(
      { degraded: ran.status === 3, 'by its name': said.includes('dddd'), 'the rest': rest === '1\nbottom' },
      `${ran.status} ${rest} ${said.slice(0, 900)}`,
    ),
  );
  here(
    `cd ${place.data}; perl -e 'for (1..17) { chdir "${name}" } unlink glob "file-*"; for (1..17) { chdir ".."; rmdir "${name}" or die $! }'`,
  );
  const after = await place.run();
  report.control('a path within the limit that is taken for one beyond', after.status === 0);
  here(`cd ${place.estate.folder}; find . -depth -name 'ddd*' -execdir rm -rf {} + 2>/dev/null || true`);
}

/** Files come and go all the time while the run is copying. */
async function proveVanishing(report: Report, place: FilesPlace): Promise<void> {
  here(`cd ${place.data}; mkdir stays goes; cd stays; seq 3000 | xargs -n1 sh -c 'echo $0 >$0'`);
  const churn = spawn('perl', [
    ...[
      '-e',
      'my $n; while (getppid() == $ARGV[0]) { for (1..200) { open F, ">", "$ARGV[1]/".$n++; print F $n } unlink glob "$ARGV[1]/*" }',
    ],
    ...[`${process.pid}`, `${place.data}/goes`],
  ]);
  try {
    const ran = [await place.run(), await place.run(), await place.run()];
    churn.kill('SIGKILL');
    const newest = place.trees().at(-1) ?? '/nowhere';
    const wrong = here(`diff -r ${place.data}/stays ${newest}/stays || true`);
    report.row(
      'rule 16: files that vanish while they are copied are nothing to worry about; all that stayed is there',
      ran[0]?.command ?? '',
      'exit codes; diff -r of what stayed',
      (ran.every(({ status }) => status === 0) && wrong === '') || seen(...ran, wrong),
    );
    const lacking = here(`rm ${newest}/stays/77; diff -r ${place.data}/stays ${newest}/stays || true`);
    report.control('a file that stayed and is not in the copy', /77/.test(lacking));
  } finally {
    churn.kill('SIGKILL');
  }
}

/** A folder becomes a link to elsewhere and back, as fast as it goes: what lies there is never read, what is there never written. */
async function proveSwapped(report: Report, place: FilesPlace): Promise<void> {
  const outside = join(place.estate.folder, 'outside');
  here(`mkdir ${outside}; cd ${outside}; for n in $(seq 300); do echo secret >secret-$n; done; cd ${place.data}; mkdir -p a/b real; cd real; seq 300 | xargs -n1 sh -c 'echo $0 >$0'
    cd ${place.data}; for n in $(seq 40); do cp -a real folder-$n; done`);
  const before = here(`find ${outside} -printf '%p %s %C@ %n %m\\n' | sort`);
  const swapper = spawn('perl', [
    ...[
      '-e',
      'chdir $ARGV[1]; while (getppid() == $ARGV[0]) { for (1..40) { rename "folder-$_", "away-$_"; symlink $ARGV[2], "folder-$_"; select undef, undef, undef, 0.002; unlink "folder-$_"; rename "away-$_", "folder-$_" } }',
    ],
    ...[`${process.pid}`, place.data, outside],
  ]);
  const ran = [];
  try {
    for (let nth = 0; nth < 4; nth += 1) ran.push(await place.run());
  } finally {
    swapper.kill('SIGKILL');
  }
  const found = here(`grep -rl secret ${place.points} || true`);
  const reached = here(`find ${place.points} -path '*/tree/*' -name 'secret-*' | head -3`);
  report.row(
    'a folder that becomes a link during the walk leads nowhere: nothing outside is read into a copy, nothing there is written',
    ran[0]?.command ?? '',
    'grep of what stands outside, in all copies; find -printf %C@ of it before and after',
    holds(
      {
        'nothing of it in a copy': found === '' && reached === '',
        'nothing changed there': here(`find ${outside} -printf '%p %s %C@ %n %m\\n' | sort`) === before,
        'the runs went on': ran.every(({ status }) => status === 0 || status === 3) && place.trees().length > 0,
      },
      `${found} ${reached} ${place.trees().length} ${ran.map(({ status, stdout }) => `${status} ${stdout.slice(-250)}`).join('; ')}`,
    ),
  );
  here(
    `cd ${place.data}; ln -s ${outside} followed; mkdir ${place.estate.folder}/naive; cp -rL followed ${place.estate.folder}/naive/`,
  );
  report.control('a copy that follows a link', here(`grep -rl secret ${place.estate.folder}/naive | wc -l`) === '300');
}

/** The target fills in the middle: the run fails with figures, nothing half made stays, and there is room for the next one again. */
async function proveFull(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  here(
    `truncate -s 64M ${folder}/disk.img; mke2fs -q -t ext4 -m 0 ${folder}/disk.img; mkdir ${folder}/copies; mount -o loop ${folder}/disk.img ${folder}/copies; rmdir ${folder}/copies/lost+found`,
  );
  const place = filesPlace('', folder);
  try {
    here(`cd ${place.data}; dd if=/dev/urandom of=one bs=1M count=10 status=none`);
    const first = await place.run();
    const [tree = '/nowhere'] = place.trees();
    const free = () => Number(here(`df --output=avail -k ${folder}/copies | tail -1`));
    const before = free();
    here(`cd ${place.data}; dd if=/dev/urandom of=two bs=1M count=80 status=none`);
    const full = await place.run();
    const said = `${full.stdout}${full.stderr}`;
    report.row(
      'rule 15: what will not fit is refused before it is copied, with what is needed and what is free',
      full.command,
      'df; ls -A of the points',
      holds(
        {
          'it failed': full.status === 1 || full.status === 3,
          figures: /\d (MiB|GiB|KiB).*needed|needed.*\d (MiB|GiB|KiB)/.test(said),
          'nothing is left': here(`ls -A ${place.points} | wc -l`) === '1' && Math.abs(free() - before) < 200,
          'the good one': here(`cmp ${tree}/one ${place.data}/one && echo same`) === 'same',
        },
        `${first.status} ${full.status} free ${before} -> ${free()}; ${tried('ls', ['-lA', place.points]).says} ${said.slice(-700)}`,
      ),
    );
    // It would fit now; then somebody else takes the room.
    here(`cd ${place.data}; truncate -s 0 two; dd if=/dev/urandom of=two bs=1M count=35 status=none`);
    const taking = place.estate.start('run', 'files', '--now');
    const thief = spawn('perl', [
      ...[
        '-e',
        'while (getppid() == $ARGV[0]) { if (glob("$ARGV[1]/.partial*/tree/two $ARGV[1]/.partial*/tree/.two*") && grep { -s > 1e6 } glob("$ARGV[1]/.partial*/tree/*two* $ARGV[1]/.partial*/tree/.*two*")) { open F, ">", "$ARGV[2]/thief"; print F "x" x 1e6 for 1..60; close F; exit } select undef, undef, undef, 0.002 }',
      ],
      ...[`${process.pid}`, place.points, `${folder}/copies`],
    ]);
    const status = await taking.ended;
    thief.kill('SIGKILL');
    const stolen = here(`stat -c %s ${folder}/copies/thief 2>/dev/null || echo 0`);
    here(`rm -f ${folder}/copies/thief`);
    const cut = place.trees().length === 1;
    report.row(
      'a target that fills in the middle: the run fails, nothing half made stays, the older generation is whole',
      'holdfast run files --now, while another program takes the room that is left',
      'df; ls -A of the points; cmp',
      holds(
        {
          'somebody took the room': Number(stolen) > 1e6,
          'it failed': status === 1 || status === 3,
          'one point': cut,
          'nothing is left': here(`ls -A ${place.points} | wc -l`) === '1' && Math.abs(free() - before) < 200,
          'the good one': here(`cmp ${tree}/one ${place.data}/one && echo same`) === 'same',
        },
        `${status} stolen ${stolen} free ${before} -> ${free()}; ${taking.output().slice(-600)}`,
      ),
    );
    const again = await place.run();
    report.control(
      'a disk that stays full for every run after',
      again.status === 0 && differences(here, place.data, place.trees().at(-1) ?? '') === '',
    );
  } finally {
    here(`umount ${folder}/copies`);
    place.estate.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
