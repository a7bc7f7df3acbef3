// The layer on folders of this machine: what comes back is what was there, and each generation stays what it was.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Place, placeWith, seen, unlessRoot } from './place.test-support.ts';

const sh = (script: string, ...args: string[]): string =>
  execFileSync('bash', ['-c', `set -e; ${script}`, 'bash', ...args]).toString();

/** Every kind of thing and every kind of name. */
const everything = `cd "$1"; mkdir -p one/two 'with blank' empty; echo 1 >one/1; echo 2 >one/two/2; ln one/1 one/two/hard; ln -s ../one/1 empty/../link
ln -s /etc/passwd out; ln -s nowhere dangling; mkfifo fifo; mknod device c 1 3; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
echo x >$'new\\nline'; echo x >"quote'\\"s"; echo x >$'bytes\\xff\\xfe'; echo x >-dash; echo x >$'\\ttab'; echo x >'#hash'; echo x >' '; echo x >'* ?[a]\\b'
truncate -s 100M sparse; printf end >>sparse; chmod 4755 one/1; chown 1234:4321 one/two; chmod 2770 one/two; setfattr -n user.note -v 'a value' one/two/2
setfacl -m u:1234:r one/two/2; setfacl -d -m g:4321:rwx one; setfattr -n trusted.mark -v 1 empty; chown -h 77:78 link; touch -h -d '2001-02-03 04:05:06.123456789' link one/1 empty`;

const withPlace = async (work: (place: Place) => Promise<void>, more: Record<string, unknown> = {}): Promise<void> => {
  const place = placeWith(more);
  try {
    await work(place);
  } finally {
    place.close();
  }
};

describe('files of a folder', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('come back with everything they had, under every kind of name, and nothing is left beside', () =>
    withPlace(async (place) => {
      sh(everything, place.data);
      const before = seen(place.data);
      const out = await place.protect('run1');
      assert.deepEqual([out.failed, out.degraded], [{}, []]);
      assert.equal(seen(place.data), before);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      const without = (text: string) =>
        text
          .split('\n')
          .filter((line) => !/^\.\/(socket|device) /.test(line))
          .join('\n');
      assert.equal(without(seen(join(point.folder, 'tree'))), without(before));
      const { files, folders, links, fifos, devices, sockets } = point.manifest.counts;
      assert.deepEqual(
        { files, folders, links, fifos, devices, sockets },
        { files: 12, folders: 5, links: 3, fifos: 1, devices: 1, sockets: 1 },
      );
      const restored = await place.restore('run2', point);
      assert.deepEqual(restored.degraded, []);
      assert.equal(without(seen(place.back)), without(before));
      sh('rm "$1/one/1"', place.back);
      assert.notEqual(without(seen(place.back)), without(before), 'a difference would have been seen');
      assert.deepEqual([place.left(), await place.remarks()], [[], []]);
    }));

  it('come back where they are more than are copied at once, with hard links from the first to the last', () =>
    withPlace(async (place) => {
      sh(
        `cd "$1"; mkdir a b; seq 12000 | sed 's,.*,a/&,' | xargs touch; seq 12000 | sed 's,.*,b/&,' | xargs touch
         for n in 1 2 3; do echo $n >a/$n; ln a/$n b/last$n; done; dd if=/dev/urandom of=b/large bs=1M count=3 status=none`,
        place.data,
      );
      const before = seen(place.data);
      assert.deepEqual((await place.protect('run1')).degraded, []);
      const [point] = await place.points();
      assert.ok(point !== undefined);
      assert.equal(seen(join(point.folder, 'tree')), before);
      assert.equal(sh('diff -r "$1" "$2"', place.data, join(point.folder, 'tree')), '');
      const lines = sh('zcat -f "$1"/*digests* | tr "\\0" "\\n" | wc -l', point.folder);
      assert.ok(Number(lines) >= 24_004, `each has a digest: ${lines}`);
    }));
});

describe('a part of a generation', { skip: unlessRoot, timeout: 120_000 }, () => {
  it('comes back alone, and its content is proved', () =>
    withPlace(async (place) => {
      sh(everything, place.data);
      await place.protect('run1');
      const [point] = await place.points();
      assert.ok(point !== undefined);
      await place.restore('run2', point, {}, 'one/two');
      assert.equal(
        sh('cd "$1" && find . | sort', place.back),
        './\n./one\n./one/two\n./one/two/2\n./one/two/hard\n'.replace('./\n', '.\n'),
      );
      const two = (tree: string) =>
        sh(
          'cd "$1/one/two" && stat -c "%n %a %u %g %s %Y" . 2 hard && cat 2 hard && getfacl -cn 2 && getfattr -d -m - 2',
          tree,
        );
      assert.equal(two(place.back), two(place.data));
      sh(
        'rm -r "$1"; printf 3 | dd of="$2" bs=1 conv=notrunc status=none',
        place.back,
        join(point.folder, 'tree/one/two/2'),
      );
      sh('touch -r "$1" "$2"', join(place.data, 'one/two/2'), join(point.folder, 'tree/one/two/2'));
      await assert.rejects(place.restore('run3', point, {}, 'one/two'), { code: 'point-damaged' });
      assert.deepEqual((await place.restore('run4', point, {}, 'one/1')).degraded, []);
      assert.equal(sh('cat "$1/one/1"', place.back), '1\n');
    }));
});
