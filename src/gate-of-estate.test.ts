// The gate's table is data, and layers write their commands themselves: here both are held against each other.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateSettings } from './gate-of-estate.ts';
import { listArgv } from './layers/common/lvm/list.ts';
import { snapshotName } from './layers/common/lvm/names.ts';
import { removeArgv } from './layers/common/lvm/remove.ts';
import { tagsOf } from './layers/common/lvm/tags.ts';
import { snapshotArgv } from './layers/lvm-thin/snapshot-argv.ts';
import { requestFor, verbsFor } from './machines/gate/table.ts';
import { seconds } from './values/duration.ts';
import { instantAt } from './values/instant.ts';

const settings = gateSettings({ user: 'holdfast', volume_groups: ['pve'] });
const verbs = verbsFor(settings);
const verbOf = (argv: readonly [string, ...string[]]): string | undefined => {
  const found = requestFor(settings, verbs, argv);
  return 'verb' in found ? found.verb.verb : undefined;
};

const uuid = 'aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg';
const run = '20261121T030000-ab12cd';
const name = snapshotName(run, uuid);
const tags = {
  ...{
    point: `${run}-1`,
    layer: 'volumes',
    run,
    workload: 'monitoring/grafana "x"\n',
    taken: '2026-11-21T03:00:00.000Z',
  },
  ...{ origin: 'vm-9999-pvc-1a2b', 'origin-uuid': uuid, volume: 'pve/z/local-lvm/vm-9999-pvc-1a2b', claim: 'a/ü' },
};
const taking = (vg: string, origin: string) => ({
  ...{
    vg,
    pool: 'data',
    data_at_most: 90,
    metadata_at_most: 80,
    taken: instantAt(1_795_230_000_000),
    together: true,
    hold: seconds(5),
  },
  volumes: [{ origin, originUuid: uuid, bytes: 1024, name, tags: tags as never }],
});

describe('the gate knows every command of the layer lvm-thin', () => {
  it('to list volumes', () => {
    assert.equal(verbOf(listArgv('pve')), 'list-volumes');
    assert.equal(verbOf(listArgv('other')), undefined, 'control: of no other volume group');
  });

  it('to take snapshots, whatever the names in the cluster are', () => {
    assert.equal(verbOf(snapshotArgv(taking('pve', 'vm-9999-pvc-1a2b'))), 'take-snapshots');
    assert.equal(verbOf(snapshotArgv(taking('pve', 'root'))), undefined, 'control: of no volume that is no guest’s');
    const [first, second, text, ...rest] = snapshotArgv(taking('pve', 'vm-9999-pvc-1a2b'));
    assert.equal(verbOf([first, second ?? '', `${text} `, ...rest]), undefined, 'control: with no other script');
  });

  it('to remove what is ours', () => {
    assert.equal(verbOf(removeArgv({ vg: 'pve', name, uuid, tags: tagsOf(tags as never) })), 'remove');
    assert.equal(verbOf(removeArgv({ vg: 'pve', name: 'vm-100-disk-0', uuid, tags: [] })), undefined, 'control');
  });
});
