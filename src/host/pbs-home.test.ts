import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HostFacts } from '../model/host.ts';
import { fixtureHost } from './fixture.test-support.ts';

const pbsOf = (facts: HostFacts, name: string) => facts.pve?.storages?.find((storage) => storage.name === name)?.pbs;

describe('doctor finds where a PBS runs', () => {
  it('by the MAC that answers for its address: a guest of the cluster, or a stranger', async (t) => {
    assert.deepEqual(pbsOf(await (await fixtureHost(t, 'pve-faulty')).read(), 'pbs-pihanga')?.home, {
      at: 'guest',
      vmid: 101,
      because: '10.10.0.151 answers from its network card bc:24:11:0a:00:65',
    });
    assert.equal(pbsOf(await (await fixtureHost(t, 'pve-clean')).read(), 'pbs-out')?.home.at, 'elsewhere');
  });

  it('by its address being one of this host', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('etc/pve/storage.cfg', 'pbs: pbs-out\n\tserver localhost\n\tdatastore d\n');
    await host.put('answers/getent/localhost', '::1             STREAM localhost\n');
    assert.equal(pbsOf(await host.read(), 'pbs-out')?.home.at, 'this host');
  });

  it('by asking the guests that can tell, when it is behind a router', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('answers/ip/neighbour', '[]');
    const answer = '{"result":[{"name":"ens18","ip-addresses":[{"ip-address":"10.10.0.151","prefix":24}]}]}';
    await host.put('answers/pvesh/nodes-hikurangi-qemu-110-agent-network-get-interfaces', answer);
    await host.put('answers/pvesh/nodes-hikurangi-lxc-210-interfaces', '[]');
    const home = pbsOf(await host.read(), 'pbs-out')?.home;
    assert.deepEqual(home, { at: 'guest', vmid: 110, because: '10.10.0.151 is its address' });
  });

  it('and believes the wire more than the config of a guest that has the same address somewhere else', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    const copy =
      'hostname: pbs-drill\nnet0: name=eth0,bridge=vmbr9,link_down=1,hwaddr=BC:24:11:0A:03:84,ip=10.10.0.151/24\n';
    await host.put('etc/pve/nodes/hikurangi/lxc/900.conf', copy);
    assert.equal(pbsOf(await host.read(), 'pbs-out')?.home.at, 'elsewhere');
    await host.put('answers/ip/neighbour', '[]');
    assert.equal(
      pbsOf(await host.read(), 'pbs-out')?.home.at,
      'guest',
      'control: while nothing answers it is all there is',
    );
    await host.put('etc/pve/nodes/hikurangi/lxc/900.conf', `${copy}template: 1\n`);
    assert.equal(pbsOf(await host.read(), 'pbs-out')?.home.at, 'unknown', 'a template runs nothing');
  });

  it('and calls it unknown when nobody tells, never elsewhere', async (t) => {
    const host = await fixtureHost(t, 'pve-clean');
    await host.put('answers/ip/neighbour', '[]');
    assert.equal(pbsOf(await host.read(), 'pbs-out')?.home.at, 'unknown');
    await host.put('etc/pve/storage.cfg', 'pbs: pbs-out\n\tserver --help\n\tdatastore d\n');
    assert.equal(pbsOf(await host.read(), 'pbs-out')?.home.at, 'unknown');
    assert.ok(
      (await host.calls()).every((call) => !call.includes('--help')),
      'a name that looks like an option goes nowhere',
    );
  });
});
