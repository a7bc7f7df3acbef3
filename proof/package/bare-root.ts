// The package in a bare Debian 12: unpacked anywhere, installed, removed.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, debName, flipByte, inRoot, must, node, type Place, sh, version, well } from './place.ts';

export function proveBareRoot({ bare, prove, control }: Place): void {
  prove(
    'Debian 12 without node, npm, git',
    'mmdebstrap --variant=minbase bookworm ROOT',
    'command -v, in the root',
    () => {
      if (sh('command -v mmdebstrap').status !== 0 && !existsSync('/etc/pve'))
        must('apt-get -qq update && apt-get -qq -y --no-install-recommends install mmdebstrap');
      must(`mmdebstrap --quiet --variant=minbase --format=directory bookworm '${bare}'`);
      assert.equal(readFileSync(join(bare, 'etc/debian_version'), 'utf8').split('.')[0], '12');
      for (const program of ['node', 'nodejs', 'npm', 'git'])
        assert.equal(inRoot(bare, `command -v ${program}`).status, 127, `${program} is there`);
      assert.equal(inRoot(bare, 'command -v dpkg').status, 0);
    },
  );
  const { status, err } = inRoot(bare, 'holdfast --version');
  control('a root without the package', status === 127 && err.includes('not found'));
}

export function proveElsewhere({ bare, deb, prove, control }: Place): void {
  const folder = '/opt/any folder';
  prove(
    'runs from any folder',
    `dpkg-deb -x ${debName} '${folder}'; '${folder}/usr/bin/holdfast' --version`,
    'package.json',
    () => {
      must(`dpkg-deb -x '${deb}' '${bare}${folder}'`);
      assert.equal(well(inRoot(bare, `'${folder}/usr/bin/holdfast' --version`)), `${version}\n`);
    },
  );
  prove('and through links, from elsewhere', `cd /srv; ln -s ... hf; ./hf --version`, 'package.json', () => {
    well(inRoot(bare, `ln -s '${folder}/usr/bin/holdfast' /usr/local/bin/first; ln -s ../usr/local/bin/first /srv/hf`));
    assert.equal(well(inRoot(bare, 'cd /srv; ./hf --version')), `${version}\n`);
    assert.equal(well(inRoot(bare, 'cd /var; CDPATH=/srv first --version')), `${version}\n`);
  });
  well(
    inRoot(bare, `mkdir -p /tmp/alone/bin; cp '${folder}/usr/bin/holdfast' /tmp/alone/bin; rm /usr/local/bin/first`),
  );
  control('the launcher without its Node', inRoot(bare, '/tmp/alone/bin/holdfast --version').status !== 0);
}

export function proveInstalled({ bare, deb, prove, control }: Place): void {
  cpSync(deb, join(bare, 'tmp/holdfast.deb'));
  prove('installs, and dpkg finds it whole', `dpkg -i ${debName}; dpkg --verify holdfast`, 'dpkg', () => {
    well(inRoot(bare, 'dpkg -i /tmp/holdfast.deb'));
    assert.equal(well(inRoot(bare, 'dpkg --verify holdfast')), '');
    assert.match(well(inRoot(bare, 'dpkg -s holdfast')), /^Status: install ok installed$/m);
    assert.equal(statSync(join(bare, 'etc/holdfast')).mode & 0o7777, 0o755);
  });
  proveNeeds({ bare, prove, control });
  flipByte(join(bare, bundle));
  const verified = inRoot(bare, 'dpkg --verify holdfast');
  control('an installed bundle with one byte flipped', verified.out.includes(`/${bundle}`));
  prove('goes without a trace', 'dpkg --purge holdfast', 'find', () => {
    well(inRoot(bare, 'dpkg --purge holdfast'));
    const left = must("find . -xdev -not -path './tmp/*' -not -path './opt/*' -path '*holdfast*' | head -n 5", bare);
    assert.equal(left, '');
  });
}

function proveNeeds({ bare, prove, control }: Pick<Place, 'bare' | 'prove' | 'control'>): void {
  prove('needs what it says it needs', `ldd /${node}; dpkg -S LIBRARY`, 'ldd and dpkg', () => {
    const libraries = [...well(inRoot(bare, `ldd /${node}`)).matchAll(/=> \S*\/(\S+) /g)].map(([, name]) => name);
    const setpriv = '/usr/bin/setpriv';
    const owners = [...libraries, setpriv].map((file) => well(inRoot(bare, `dpkg -S '${file}'`)).split(':')[0]);
    const said = well(inRoot(bare, 'dpkg -s holdfast | sed -n "s/^Depends: //p"'))
      .trim()
      .replaceAll(/ \([^)]*\)/g, '');
    assert.deepEqual(said.split(', ').sort(), [...new Set(owners)].sort());
  });
  const library = '/usr/lib/x86_64-linux-gnu/libstdc++.so.6';
  well(inRoot(bare, `mv ${library} ${library}.away`));
  control('a root without libstdc++6', inRoot(bare, 'holdfast --version').status === 127);
  well(inRoot(bare, `mv ${library}.away ${library}`));
}
