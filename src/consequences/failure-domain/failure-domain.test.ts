import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entry, house, notesOf, planned } from '../plans.test-support.ts';
import { failureDomain } from './failure-domain.ts';

const places = (...sites: readonly string[]) => `places: [${sites}]`;
const home = '{ site: home, hosts: [ruapehu, pihanga, hikurangi, truenas, backup] }';
const estate = (pbs: string, rest = places(home), storage = '') =>
  house(pbs, `pbs_storages: [${entry(storage)}]\n${rest}`);
const tank = (more = '') => `datastores: [{ name: tank, path: /mnt/tank${more === '' ? '' : `, ${more}`} }]`;
const inside = 'runs_on: { pve: pihanga, guest: 101 }';
const notes = async (now: string) => notesOf(await planned([failureDomain], { now }));

describe('what would be lost together', () => {
  it('a PBS that runs on a host it protects, and what outlives it', async () => {
    const [first] = await notes(estate(`${inside}\n${tank('stored_on: truenas')}`));
    assert.equal(
      first,
      'warning pbs/backup: it is guest 101 on pihanga, which it protects: with that host the PBS is lost, too; tank on truenas outlives it, and can be read again by a new PBS. Run it on hardware of its own',
    );
    const [bare] = await notes(estate(`${inside}\n${tank()}`));
    assert.match(bare ?? '', /with that host its own backups are lost, too/);
    const elsewhere = await notes(estate(`${inside}\n${tank()}`, '', 'on: [ruapehu]'));
    assert.deepEqual(
      elsewhere.filter((one) => one.startsWith('warning')),
      [],
      'control: it protects other hosts',
    );
  });

  it('a datastore on the disks of what is backed up to it', async () => {
    const said = await notes(estate(tank('stored_on: ruapehu'), ''));
    assert.match(said[0] ?? '', /^warning pbs-datastore\/backup\/tank: it lies on the disks of ruapehu, whose guests/);
    assert.doesNotMatch((await notes(estate(tank('stored_on: truenas'), ''))).join(), /lies on the disks/);
  });

  it('everything at one site, until a copy is made elsewhere', async () => {
    const said = await notes(estate(tank()));
    assert.match(
      said[0] ?? '',
      /^warning pbs-datastore\/backup\/tank: it stands at home, as does .* \(hikurangi, pihanga, ruapehu\)/,
    );
    const remote =
      'remotes: [{ name: far, host: far.example.org, auth_id: sync@pbs, password: { env: P } }]\nsync: [{ name: copy, store: tank, remote: far, remote_store: tank, direction: push, schedule: daily }]';
    assert.doesNotMatch((await notes(estate(`${tank()}\n${remote}`))).join(), /nothing survives/);
    const away = places(home.replace(', backup', ''), '{ site: barn, hosts: [backup] }');
    assert.doesNotMatch((await notes(estate(tank(), away))).join(), /nothing survives/);
  });

  it('a copy on the disks of its original, which is no second copy', async () => {
    const copy = (host: string) =>
      `datastores: [{ name: tank, path: /mnt/tank, stored_on: truenas }, { name: spare, path: /mnt/spare, stored_on: ${host} }]\nsync: [{ name: again, store: spare, remote_store: tank, schedule: daily }]`;
    const said = (await notes(estate(copy('truenas'), ''))).join('\n');
    assert.match(
      said,
      /^warning pbs-datastore\/backup\/spare: it is a copy of tank, and both lie on the disks of truenas/,
    );
    assert.match(said, /phase 2 of 3/);
    assert.match(
      (await notes(estate(copy('nas2'), ''))).join('\n'),
      /^info estate\/homelab: backups are in phase 3 of 3/,
    );
  });

  it('a key that only a vault has, unless it is escrowed elsewhere', async () => {
    const key = 'encryption_key: { vault: secret/pbs#key }';
    const said = await notes(estate(tank(), '', key));
    assert.match(
      said.join('\n'),
      /warning pve-storage\/ruapehu\/tank: its encryption key is kept in a vault alone \(vault secret\/pbs#key\)/,
    );
    assert.doesNotMatch((await notes(estate(tank(), 'escrow: [{ env: KEY }]', key))).join(), /vault alone/);
    assert.doesNotMatch((await notes(estate(tank(), '', 'encryption_key: { env: KEY }'))).join(), /vault alone/);
  });
});

describe('the phases towards three copies', () => {
  const phase = async (pbs: string) => (await notes(estate(pbs, ''))).find((one) => one.startsWith('info')) ?? '';
  const second =
    'remotes: [{ name: far, host: far.example.org, auth_id: sync@pbs, password: { env: P } }]\nsync: [{ name: copy, store: tank, remote: far, remote_store: tank, direction: push, schedule: daily }';
  const bucket = tank().replace(
    '}]',
    '}, { name: cloud, path: /mnt/cloud, s3: { endpoint: cloud, bucket: backups } }]',
  );

  it('are told with the next step', async () => {
    assert.match(
      await phase(`${inside}\n${tank()}`),
      /^info estate\/homelab: backups are in phase 1 of 3 \(backup is a guest of what it protects\); no second copy declared, none in S3\. Next: move backup/,
    );
    assert.match(await phase(tank()), /phase 2 of 3 .* Next: a sync job to a second PBS/);
    assert.match(
      await phase(`${tank()}\n${second}]`),
      /phase 3 of 3 \(3-2-1\), half way; a second copy by sync, none in S3\. Next: a sync job to a datastore in S3/,
    );
    const both = `${bucket}\n${second}, { name: away, store: cloud, remote_store: tank, schedule: weekly }]`;
    assert.match(await phase(both), /phase 3 of 3 \(3-2-1\); a second copy by sync, a copy in S3/);
  });

  it('are not told of an estate that backs up to no PBS of its own', async () => {
    assert.deepEqual(notesOf(await planned([failureDomain], { now: house() })), []);
  });
});
