// A destination without room, before the copy and in the middle of it, on a file system of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { codesOf } from '../common/driver.test-support.ts';
import { placeWith, seen, unlessRoot } from './place.test-support.ts';

const sh = (script: string, ...args: string[]): string =>
  execFileSync('bash', ['-c', `set -e; ${script}`, 'bash', ...args]).toString();

/** A file system of its own, mounted as long as the work lasts. */
async function onDisk(make: string, work: (mount: string) => Promise<void>): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  const mount = join(base, 'mount');
  try {
    sh(`cd "$1"; mkdir mount; ${make}; mount -o loop image mount`, base);
    await work(mount);
  } finally {
    sh('! mountpoint -q "$1" || umount "$1"', mount);
    rmSync(base, { recursive: true });
  }
}

describe('a destination', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('without room for all of it is told so before anything moves, with figures', () =>
    onDisk('truncate -s 20M image; mkfs.ext4 -q image', async (mount) => {
      const place = placeWith({ to: join(mount, 'points'), mounted_at: mount });
      try {
        sh('head -c 30M /dev/urandom >"$1/large"', place.data);
        const out = await place.protect('run1');
        assert.deepEqual(codesOf(out), ['no-room']);
        assert.match(Object.values(out.failed)[0]?.says ?? '', /^3\d(\.\d)? M\w* are needed, [\d.]+ M\w* are free$/);
        assert.deepEqual(readdirSync(join(mount, 'points/files')), []);
        sh('rm "$1/large"; for n in $(seq 6000); do : >"$1/$n"; done', place.data);
        assert.match(
          Object.values((await place.protect('run2')).failed)[0]?.says ?? '',
          /6001 files would be made.*inodes/,
        );
      } finally {
        place.close();
      }
    }));

  it('that is full in the middle keeps nothing half, and what was sealed before stays whole', () =>
    onDisk('truncate -s 16M image; mkfs.ext4 -q -b 4096 -N 12000 image', async (mount) => {
      const place = placeWith({ to: join(mount, 'points'), mounted_at: mount });
      try {
        sh('echo 1 >"$1/1"', place.data);
        assert.deepEqual((await place.protect('run1')).failed, {});
        // Folders take room that nobody counted before.
        sh('cd "$1"; seq -f folder%.0f 5000 | xargs mkdir', place.data);
        const out = await place.protect('run2');
        assert.deepEqual(codesOf(out), ['disk-full']);
        assert.match(Object.values(out.failed)[0]?.says ?? '', /no room left \([^)]* of [^)]* are free\)/);
        const [point, ...others] = await place.points();
        assert.ok(point !== undefined && others.length === 0);
        assert.deepEqual(readdirSync(join(mount, 'points/files')), [point.manifest.id]);
        sh('cd "$1"; find . -mindepth 1 -type d -delete', place.data);
        assert.deepEqual((await place.protect('run3')).failed, {});
      } finally {
        place.close();
      }
    }));

  for (const kind of ['xfs', 'btrfs'] as const)
    it(`on ${kind} keeps everything, and shares what has not changed`, () =>
      onDisk(`truncate -s 400M image; mkfs.${kind} -q image`, async (mount) => {
        const place = placeWith({ to: join(mount, 'points'), mounted_at: mount });
        try {
          sh(
            'cd "$1"; mkdir a; head -c 20M /dev/urandom >a/large; ln a/large b; setfattr -n user.k -v v b; setfacl -m u:7:r a; touch -d 2001-02-03 a',
            place.data,
          );
          for (const run of ['run1', 'run2', 'run3']) {
            const out = await place.protect(run);
            assert.deepEqual([out.failed, out.degraded], [{}, []]);
            sh('echo "$2" >"$1/new"', place.data, run);
          }
          sh('rm "$1/new"', place.data);
          await place.protect('run4');
          const point = (await place.points()).at(-1);
          assert.equal(seen(join(point?.folder ?? '', 'tree')), seen(place.data));
          assert.ok(Number(sh('du -sm "$1" | cut -f 1', join(mount, 'points'))) < 30);
        } finally {
          place.close();
        }
      }));

  for (const [kind, most] of [
    // xfs sets room aside behind what it writes, and gives it back later.
    ['xfs', 12],
    ['btrfs', 4],
    ['ext4', undefined],
  ] as const)
    it(`on ${kind} takes of a large file that changed in one place ${most === undefined ? 'all of it' : 'only that place'}, and the generation before stays`, () =>
      onDisk(`truncate -s 400M image; mkfs.${kind} -q image`, async (mount) => {
        const place = placeWith({ to: join(mount, 'points'), mounted_at: mount });
        const used = () => Number(sh('sync -f "$1"; df --output=used --block-size=1M "$1" | tail -n 1', mount));
        try {
          sh('cd "$1"; head -c 60M /dev/urandom >disk; setfattr -n user.k -v v disk', place.data);
          assert.deepEqual((await place.protect('run1')).failed, {});
          const [first] = await place.points();
          const [before, taken] = [seen(join(first?.folder ?? '', 'tree')), used()];
          sh(
            'cd "$1"; printf X | dd of=disk bs=1 seek=30M conv=notrunc status=none; chmod 640 disk; setfattr -n user.k -v w disk',
            place.data,
          );
          const out = await place.protect('run2');
          assert.deepEqual([out.failed, out.degraded], [{}, []]);
          const grown = used() - taken;
          assert.ok(most === undefined ? grown >= 55 : grown <= most, `${grown} MiB more`);
          const [, second] = await place.points();
          assert.equal(seen(join(second?.folder ?? '', 'tree')), seen(place.data));
          assert.equal(seen(join(first?.folder ?? '', 'tree')), before);
        } finally {
          place.close();
        }
      }));
});
