// A disk image protected, wrecked, brought back and compared; then killed at every kind of step. The authorities are rsync,
// sha256sum, getfattr, losetup, mount and the process list; the journal is only believed where they agree.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type Estate,
  estateIn,
  imageOf,
  kill,
  leftBehind,
  photosEstate,
  reached,
  treeIn,
  until,
  type Victim,
} from '../test/e2e/estate.test-support.ts';
import type { Report } from './report.ts';

const say = (holds: boolean, otherwise: string): true | Error => holds || new Error(otherwise.slice(0, 800));

type Place = Estate & Readonly<{ tree: string; image: string; copies: string; back: string }>;

/** `small` files make walking, unpacking and comparing long enough to be killed in; `big` mebibytes make the stream. */
function placeWith(small: number, big: number): Place {
  const estate = estateIn(photosEstate('proof'), 'proof');
  const [tree = '', image = '', copies = '', back = ''] = ['tree', 'photos.img', 'copies', 'back'].map((name) =>
    join(estate.folder, name),
  );
  treeIn(
    tree,
    Object.fromEntries(Array.from({ length: small }, (_, index) => [`many/${index % 100}/${index}`, `${index}`])),
  );
  mkdirSync(tree, { recursive: true });
  if (big > 0)
    execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'big')}`, 'bs=1M', `count=${big}`, 'status=none']);
  return { ...estate, tree, image, copies, back };
}

function withEveryKindOfMetadata({ tree }: Place): void {
  const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { cwd: tree });
  treeIn(tree, {
    plain: 'x',
    "it's -rf $(touch x)": 'odd',
    'new\nline': 'odd',
    ünïcode: 'odd',
    owned: 'o',
    linked: 'l',
  });
  run('chown', '1234:4321', 'owned');
  run('chmod', '4750', 'owned');
  run('ln', 'linked', 'linked-too');
  run('ln', '-s', '/etc/shadow', 'out-of-here');
  run('ln', '-s', 'nowhere', 'dangling');
  run('mkfifo', 'pipe');
  run('truncate', '-s', '1G', 'sparse');
  run('setfattr', '-n', 'user.comment', '-v', 'kept', 'plain');
  run('setfacl', '-m', 'u:1234:r--', 'plain');
  run('touch', '-d', '2001-02-03T04:05:06.789012345Z', 'plain');
}

export async function proveImages(report: Report, full: boolean): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/dev/loop-control'))
    return report.skip('disk images', 'they need root and loop devices');
  await proveRestore(report);
  await proveKills(report, full);
  await proveFullDisks(report);
}

async function proveRestore(report: Report): Promise<void> {
  report.section('Layer disk-image: a 2 GB file, restored into an empty folder and compared, metadata included');
  const place = placeWith(200, 2048);
  withEveryKindOfMetadata(place);
  imageOf(place.image, place.tree, 4096);
  // What is compared with is what the image itself holds, through the kernel's own eyes.
  const mount = join(place.folder, 'reference');
  mkdirSync(mount);
  execFileSync('mount', ['-o', 'loop,ro,noload', place.image, mount]);
  const reference = join(place.folder, 'reference-copy');
  execFileSync('rsync', ['-aHAXS', '--numeric-ids', `${mount}/`, `${reference}/`]);
  execFileSync('umount', [mount]);
  const sum = sha256(place.image);

  const ran = await place.type('run', 'photos-image');
  report.row('a sealed restore point', ran.command, 'exit code', say(ran.status === 0, `${ran.stdout}${ran.stderr}`));
  report.row('the image is as it was, bit by bit', ran.command, 'sha256sum', sha256(place.image) === sum);
  const [point = ''] = sealed(place);
  const { parts } = JSON.parse(readFileSync(join(point, 'manifest.json'), 'utf8')) as {
    parts: { name: string; sha256: string }[];
  };
  report.row(
    'every part has the digest its manifest says',
    ran.command,
    'sha256sum',
    parts.every((part) => sha256(join(point, part.name)) === part.sha256),
  );
  report.row('copies are for their owner alone', ran.command, 'stat', (statSync(point).mode & 0o077) === 0);

  execFileSync('dd', ['if=/dev/urandom', `of=${place.image}`, 'bs=1M', 'count=64', 'conv=notrunc', 'status=none']);
  const restored = await place.type('restore', 'photos', '--to', place.back, '--yes');
  report.row(
    'restored into an empty place',
    restored.command,
    'exit code',
    say(restored.status === 0, `${restored.stdout}${restored.stderr}`),
  );
  report.row(
    'contents, owner, mode, time, ACL, xattr, hard links, symlinks',
    restored.command,
    'rsync -aHAXnc --delete',
    say(differences(reference, place.back) === '', differences(reference, place.back)),
  );
  const diff = spawnSync('diff', ['-r', '--no-dereference', '--exclude=pipe', reference, place.back], {
    encoding: 'utf8',
  });
  report.row('contents, by another authority', restored.command, 'diff -r', say(diff.status === 0, diff.stdout));
  report.row('sparse stays sparse', restored.command, 'stat', statSync(join(place.back, 'sparse')).blocks < 1000);
  execFileSync('chmod', ['600', join(place.back, 'linked')]);
  report.control('a mode that differs', differences(reference, place.back) !== '');

  const elsewhere = join(place.folder, 'elsewhere');
  flip(join(point, parts[0]?.name ?? ''));
  const spoilt = await place.type('restore', 'photos', '--to', elsewhere, '--yes');
  report.control(
    'a restore point with one flipped byte',
    spoilt.status === 1 && (!existsSync(elsewhere) || readdirSync(elsewhere).length === 0),
  );
  const onto = await place.type('restore', 'photos', '--to', place.back, '--yes');
  report.control('a restore onto a folder that is not empty', onto.status !== 0);
  place.close();
}

const sha256 = (file: string): string =>
  execFileSync('sha256sum', ['-b', file], { encoding: 'utf8' }).replace(/^\\/, '').slice(0, 64);

/** What rsync would still have to change: nothing, where both are the same in everything it knows of. */
const differences = (from: string, to: string): string =>
  spawnSync('rsync', ['-aHAXnci', '--numeric-ids', '--delete', `${from}/`, `${to}/`], { encoding: 'utf8' }).stdout;

const sealed = ({ copies }: Place): readonly string[] =>
  existsSync(copies)
    ? readdirSync(copies, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('manifest.json') && !name.includes('.partial'))
        .map((name) => join(copies, name, '..'))
    : [];

function flip(file: string): void {
  const at = Math.floor(statSync(file).size / 2);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([0xff, 0x00, 0xff]), 0, 3, at);
}

const victims: readonly Victim[] = ['worker', 'supervisor', 'both'];

async function proveStreamKills(report: Report, full: boolean): Promise<void> {
  const place = placeWith(10, 2048);
  imageOf(place.image, place.tree, 2304);
  for (const victim of victims)
    for (const share of full ? [0.1, 0.25, 0.5, 0.75, 0.9] : [0.5])
      await proveKill(report, place, victim, `at ${share * 100} % of a stream of 2 GB`, ['run', 'photos-image'], () =>
        streamed(place, share),
      );
  place.close();
}

async function proveKills(report: Report, full: boolean): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of disk-image');
  const place = placeWith(30_000, 300);
  imageOf(place.image, place.tree, 900);
  const took = `${place.image}.taken`;
  copyFileSync(place.image, took);
  for (const victim of victims) {
    for (const [kind, path] of [
      ['disk-image.open', /^[^>]+$/],
      ['disk-image.copy', />.*copy/],
    ] as const)
      await proveKill(report, place, victim, kind, ['run', 'photos-image'], () => reached(place, path));
  }
  await proveStreamKills(report, full);
  await place.type('run', 'photos-image');
  await place.type('run', 'photos-image');
  for (const victim of victims) {
    // Removing a point is over in a moment, unless something heavy lies in it.
    const [oldest = ''] = [...sealed(place)].sort();
    treeIn(oldest, Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`junk/${index}`, ''])));
    await proveKill(
      report,
      place,
      victim,
      'disk-image.prune',
      ['run', 'photos-image'],
      () => reached(place, />.*prune/),
      true,
    );
  }
  for (const victim of victims)
    for (const [kind, path] of [
      ['disk-image.unpack', /unpack/],
      ['disk-image.settle', /settle/],
    ] as const) {
      rmSync(place.back, { recursive: true, force: true });
      await proveKill(report, place, victim, kind, ['restore', 'photos', '--to', place.back, '--yes'], () =>
        reached(place, path),
      );
      const empty = !existsSync(place.back) || readdirSync(place.back).length === 0;
      report.row(
        `the target is empty again after kill of ${victim} at ${kind}`,
        'restore photos --to back',
        'ls',
        empty,
      );
    }
  report.row(
    'the image is as it was after all of it',
    'run photos-image',
    'sha256sum',
    sha256(place.image) === sha256(took),
  );
  place.close();
}

/** @param sealedStays the point was sealed before: only what came after it is killed */
async function proveKill(
  report: Report,
  place: Place,
  victim: Victim,
  moment: string,
  command: readonly string[],
  come: () => Promise<string>,
  sealedStays = false,
): Promise<void> {
  const before = sealed(place).length;
  const known = place.journal((runs) => runs[0]?.id);
  const started = place.start(...command);
  await until('the run', () => place.journal((runs) => runs[0]?.id !== known && runs.length > 0));
  const run = await come();
  kill(victim, started, run);
  await started.ended;
  let dueSaid = true;
  if (victim !== 'worker') {
    dueSaid = /recovery due/.test((await place.type('runs')).stdout);
    // Any command that may write finishes it first; this one then has nothing left to do.
    await place.type('cancel', run);
  }
  const state = place.journal((runs) => runs.find(({ id }) => id === run)?.state);
  const left = leftBehind(run, place.image, place.copies);
  const points = sealed(place).length;
  const good = state === 'aborted' && left.length === 0 && dueSaid && (sealedStays || points === before);
  report.row(
    `kill -9 of ${victim}, ${moment}`,
    `holdfast ${command[0]} …; kill -9`,
    'ps, mount, losetup, ls, the journal',
    good ||
      new Error(
        `state ${state}; left: ${left.join(', ')}; recovery said: ${dueSaid}; points ${before} -> ${points}; ${started.output().slice(-400)}`,
      ),
  );
}

/** The moment at which that share of the archive is written. */
const streamed = (place: Place, share: number): Promise<string> => {
  const whole = statSync(join(place.tree, 'big')).size;
  return until(`${share * 100} % of the stream`, () => {
    const partial = existsSync(place.copies)
      ? readdirSync(place.copies, { recursive: true })
          .map(String)
          .find((name) => /\.partial-.*contents\.tar$/.test(name))
      : undefined;
    if (partial === undefined) return undefined;
    const size = statSync(join(place.copies, partial), { throwIfNoEntry: false })?.size ?? 0;
    return size >= whole * share ? place.journal((runs) => runs[0]?.id) : undefined;
  });
};

const mountSmall = (folder: string, size: string): void => {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder]);
};

/** There was room when the copy began; then somebody else took it. */
async function filledMeanwhile(place: Place, folder: string, size: string) {
  mountSmall(folder, size);
  const started = place.start('run', 'photos-image');
  const run = await streamed(place, 0.1);
  const filler = join(folder, 'somebody-elses');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64K', 'status=none']);
  const status = await started.ended;
  return { run, status, filler, output: started.output(), left: leftBehind(run, place.image, place.copies) };
}

async function proveFullDisks(report: Report): Promise<void> {
  report.section('Full disks');
  const place = placeWith(10, 300);
  imageOf(place.image, place.tree, 700);

  mountSmall(place.copies, '80M');
  const ran = await place.type('run', 'photos-image');
  const nothing = leftBehind('.partial', place.image, place.copies);
  report.row(
    'no room at the target: refused before anything is written',
    ran.command,
    'exit code, losetup, ls',
    say(ran.status === 1 && /no-room/.test(ran.stderr) && nothing.length === 0, `${ran.stderr}${nothing.join()}`),
  );
  execFileSync('umount', [place.copies]);

  const target = await filledMeanwhile(place, place.copies, '400M');
  report.row(
    'disk full under the target, in the middle of the stream',
    'holdfast run photos-image; dd of=copies/somebody-elses',
    'exit code, losetup, ls',
    say(
      target.status === 1 && /disk-full/.test(target.output) && target.left.length === 0 && sealed(place).length === 0,
      `${target.status} ${target.output}${target.left.join()}`,
    ),
  );
  execFileSync('umount', [place.copies]);

  const journal = await filledMeanwhile(place, place.state, '8M');
  const due = await place.type('runs');
  rmSync(journal.filler);
  const finished = await place.type('cancel', journal.run);
  const state = place.journal((runs) => runs.find(({ id }) => id === journal.run)?.state);
  report.row(
    'disk full under the journal, in the middle of the stream: what was taken is given back, the run finished later',
    `holdfast run photos-image; dd of=state/somebody-elses; ${due.command}; rm; ${finished.command}`,
    'exit code, losetup, mount, ps, ls',
    say(
      journal.status === 1 &&
        /state folder is full/.test(journal.output) &&
        journal.left.length === 0 &&
        state === 'aborted',
      `${journal.status}, then ${state}; left ${journal.left.join()}: ${journal.output.slice(-300)}${finished.stderr}`,
    ),
  );
  execFileSync('umount', [place.state]);
  const fine = await place.type('run', 'photos-image');
  report.control('a disk with room, taken for a full one', fine.status === 0);
  place.close();
}
