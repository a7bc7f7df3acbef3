// The lab's LVM behaves as lvm2 does where a backup depends on it; asserted is what the volumes hold and what `lvs` says.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Ended, lvm } from './commands.ts';
import { type Group, volumeGroup } from './group.ts';

const mebibyte = 1024 * 1024;
const live = 'vm-9999-pvc-1';

describe('the LVM of the lab', () => {
  let folder = '';
  let group: Group;
  let open = new Set<string>();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-lab-lvm-'));
    open = new Set();
    group = volumeGroup(folder, 'pve', 'data', (lv) => open.has(lv));
    writeFileSync(group.fileOf(group.add({ name: live, bytes: 8 * mebibyte })), 'before');
    truncateSync(fileOf(live), 8 * mebibyte);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fileOf = (name: string): string => group.fileOf(group.find(name) ?? assert.fail(`there is no ${name}`));
  const holds = (name: string): string => readFileSync(fileOf(name), 'utf8').replaceAll('\0', '');
  const ask = (line: string): Ended => {
    const [command = '', ...argv] = line.split(' ');
    return lvm(group, command, argv);
  };
  const must = (line: string): string => {
    const { exitCode, stdout, stderr } = ask(line);
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
    return stdout;
  };
  const refused = (line: string, exitCode: number, says: RegExp): void => {
    const before = JSON.stringify(group.volumes);
    const ended = ask(line);
    assert.equal(ended.exitCode, exitCode, ended.stderr);
    assert.match(ended.stderr, says);
    assert.equal(JSON.stringify(group.volumes), before, 'and nothing was changed');
  };
  const row = (name: string): Record<string, string> =>
    JSON.parse(
      must(`lvs --reportformat json --units b -o lv_name,lv_attr,origin,origin_uuid,lv_tags,lv_size pve`),
    ).report[0].lv.find((one: Record<string, string>) => one['lv_name'] === name);

  it('takes a snapshot with the bytes of that moment, inactive, marked, and small where the volume is empty', () => {
    must(`lvcreate -s -k y -n hf_1 --addtag hf.a=1 --addtag hf.b=2 pve/${live}`);
    writeFileSync(fileOf(live), 'behind', { flag: 'r+' });
    assert.equal(holds('hf_1'), 'before');
    assert.equal(holds(live), 'behind');
    assert.deepEqual(row('hf_1'), {
      ...{ lv_name: 'hf_1', lv_attr: 'Vwi---tz-k', origin: live, origin_uuid: group.find(live)?.uuid },
      ...{ lv_tags: 'hf.a=1,hf.b=2', lv_size: `${8 * mebibyte}B` },
    });
    assert.equal(existsSync(join(folder, 'dev', 'pve', 'hf_1')), false);
    assert.ok(statSync(fileOf('hf_1')).blocks * 512 <= mebibyte, 'zeros take no room');
  });

  it('activates what is marked to be skipped only when it is told so, and then there is a device', () => {
    must(`lvcreate -s -n hf_1 pve/${live}`);
    must('lvchange -ay pve/hf_1');
    assert.match(row('hf_1')['lv_attr'] ?? '', /^Vwi---/);
    must('lvchange -ay -K pve/hf_1');
    assert.match(row('hf_1')['lv_attr'] ?? '', /^Vwi-a-/);
    assert.equal(readFileSync(join(folder, 'dev', 'pve', 'hf_1')).length, 8 * mebibyte);
  });

  it('lets go of nothing that is in use', () => {
    open.add(live);
    refused(`lvchange -an pve/${live}`, 5, /in use/);
    refused(`lvremove -f pve/${live}`, 5, /in use/);
    assert.match(row(live)['lv_attr'] ?? '', /^Vwi-ao/);
    open.delete(live);
    must(`lvremove -f pve/${live}`);
    assert.equal(group.find(live), undefined);
  });

  it('swaps two volumes by their names, and a snapshot outlives its origin', () => {
    must(`lvcreate -an -s -kn -n hf_fresh pve/${live}`);
    writeFileSync(fileOf(live), 'broken', { flag: 'r+' });
    refused(`lvrename pve hf_fresh ${live}`, 5, /already exists/);
    must(`lvrename pve ${live} hf_old`);
    must(`lvrename pve hf_fresh ${live}`);
    assert.equal(holds(live), 'before');
    must('lvremove -f pve/hf_old');
    assert.deepEqual([row(live)['origin'], row(live)['origin_uuid']], ['', '']);
    assert.equal(holds(live), 'before');
  });

  it('changes and removes only what a selection fits', () => {
    must(`lvcreate -s -k y -n hf_1 --addtag hf.a=1 pve/${live}`);
    const uuid = group.find('hf_1')?.uuid;
    const words = (selection: string): readonly string[] => ['-f', '-S', selection, 'pve/hf_1'];
    lvm(group, 'lvremove', words(`lv_uuid="another" && lv_tags=["hf.a=1"]`));
    lvm(group, 'lvremove', words(`lv_uuid="${uuid}" && lv_tags=["hf.a=1" && "hf.b=2"]`));
    assert.ok(group.find('hf_1') !== undefined);
    lvm(group, 'lvremove', words(`lv_uuid="${uuid}" && lv_tags=["hf.a=1"]`));
    assert.equal(group.find('hf_1'), undefined);
  });

  it('grows a volume by whole extents, and keeps what is in it', () => {
    must(`lvextend -L ${9 * mebibyte}b pve/${live}`);
    assert.equal(row(live)['lv_size'], `${12 * mebibyte}B`);
    assert.equal(holds(live), 'before');
  });

  it('tells of the pool what the kernel does, and refuses where it is full or a volume is bad', () => {
    assert.match(must('dmsetup status pve-data-tpool'), /^0 \d+ thin-pool 7 \d+\/4096 \d+\/16384 - rw /);
    assert.equal(ask('dmsetup status other-tpool').exitCode, 1);
    group.wrong.dataFull = true;
    assert.match(must('lvs --noheadings -o data_percent pve/data'), /^ {2}93\.0\d\n$/);
    group.wrong.bad.push(live);
    refused(`lvcreate -s -n hf_1 pve/${live}`, 5, /Input\/output error/);
  });

  it('refuses what LVM refuses, and says of what it does not act out that it does not', () => {
    refused('lvcreate -s -n x other/y', 5, /Volume group "other" not found/);
    refused('lvcreate -s -n x pve/gone', 5, /Failed to find logical volume "pve\/gone"/);
    refused(`lvchange --addtag a,b pve/${live}`, 3, /Invalid argument for --addtag/);
    refused('lvs -o nonsense pve', 3, /Unrecognised field/);
    refused(`lvcreate --thin pve/${live}`, 3, /does not act it out/);
    refused('vgremove pve', 3, /No such command/);
  });
});
