// A disk image protected, wrecked, brought back and compared. The authorities are rsync, diff, sha256sum and stat.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { imageOf, treeIn } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { type Place, placeWith, say, sealed, sha256 } from './place.ts';

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

export async function proveRestore(report: Report): Promise<void> {
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

/** What rsync would still have to change: nothing, where both are the same in everything it knows of. */
const differences = (from: string, to: string): string =>
  spawnSync('rsync', ['-aHAXnci', '--numeric-ids', '--delete', `${from}/`, `${to}/`], { encoding: 'utf8' }).stdout;

function flip(file: string): void {
  const at = Math.floor(statSync(file).size / 2);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([0xff, 0x00, 0xff]), 0, 3, at);
}
