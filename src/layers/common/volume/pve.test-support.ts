// The tests' PVE host as this house reaches it: over ssh, with a world that knows its LUKS keys, and snapshots sealed as the layer of
// snapshots seals them.
import { readFileSync } from 'node:fs';
import { type PveMachine, startPveMachine } from '../../../../test/pve-machine/pve-machine.test-support.ts';
import { unreachableWorld } from '../../../../test/unreachable-world.ts';
import type { World } from '../../../contracts/world.ts';
import { Fault } from '../../../fault.ts';
import { localMachine } from '../../../machines/local.ts';
import type { Machine } from '../../../machines/machine.ts';
import { type SshMachine, sshMachine } from '../../../machines/ssh.ts';
import type { RunId } from '../../../model/run.ts';
import type { Json } from '../../../values/canonical.ts';
import { type Clock, systemClock } from '../../../values/instant.ts';
import { Secret } from '../../../values/secret.ts';
import { nameOfReference } from '../../../values/secret-reference.ts';
import { snapshotName } from '../lvm/names.ts';
import { tagsOf } from '../lvm/tags.ts';

export type Sealed = Readonly<{ lv: string; uuid: string }>;

export type Pve = Readonly<{
  pve: PveMachine;
  /** `over` stands in for parts of the machine */
  world(over?: (machine: Machine) => Machine): World;
  keys: Map<string, string>;
  memory: Map<string, Json>;
  seal(lv: string, run: string, more?: Readonly<{ claim?: string; taken?: string }>): Promise<Sealed>;
  /** of what a snapshot holds, bit for bit */
  sum(lv: string): Promise<string>;
  /** volumes, mappings and mounts, in words: what must be the same before and after */
  state(): Promise<string>;
  /** the plug is pulled, and every connection with it */
  powerCut(): Promise<void>;
  stop(): Promise<void>;
}>;

export async function startPve(clock: Clock = systemClock): Promise<Pve> {
  const pve = await startPveMachine();
  const keys = new Map<string, string>();
  const memory = new Map<string, Json>();
  // One connection for all of them: a process that is killed is played by its machine, and a new connection costs seconds.
  let connected: SshMachine | undefined;
  const world = (over: (machine: Machine) => Machine = (one) => one): World => {
    connected ??= connect(pve, clock);
    const machine = connected;
    return {
      ...unreachableWorld(clock),
      machine: () => over(machine),
      secret: async (reference, audience) => {
        const value = keys.get('file' in reference ? reference.file : '');
        if (value !== undefined) return new Secret(nameOfReference(reference), value, audience);
        throw new Fault('secret-missing', { where: nameOfReference(reference), says: 'it is not there', remedy: '' });
      },
      recall: (what) => {
        const value = memory.get(what);
        return value === undefined ? undefined : { value, at: clock.now() };
      },
      remember: (what, value) => void memory.set(what, value),
    };
  };
  return {
    ...{ pve, world, keys, memory },
    seal: async (lv, run, { claim, taken = clock.now() } = {}) => {
      const originUuid = await pve.must(`lvs --noheadings -o lv_uuid pve/${lv} | tr -d ' '`);
      const name = snapshotName(run as RunId, originUuid);
      const tags = tagsOf({
        ...{
          point: `${taken.replaceAll(':', '-')}-${run}-${lv}`,
          layer: 'snapshots',
          run,
          workload: claim ?? lv,
          taken,
        },
        ...{ origin: lv, originUuid, volume: `pve/${lv}`, sealed: taken, ...(claim === undefined ? {} : { claim }) },
      });
      const added = tags.map((tag) => `--addtag '${tag}'`).join(' ');
      await pve.must(`lvcreate -qq -s -n ${name} ${added} pve/${lv}`);
      return { lv: name, uuid: await pve.must(`lvs --noheadings -o lv_uuid pve/${name} | tr -d ' '`) };
    },
    sum: (lv) => pve.must(`set -e; lvchange -K -ay pve/${lv}; sha256sum </dev/pve/${lv}; lvchange -an pve/${lv}`),
    state: () =>
      pve.must(`lvs --noheadings -o lv_name,lv_uuid,lv_attr,lv_tags -S 'lv_name!=data' pve | sed 's/  */ /g'
        dmsetup ls --target crypt; grep -E ' (/[^ ]*mnt-|/var/lib/pods)' /proc/mounts; ls -A /run/holdfast 2>/dev/null; true`),
    powerCut: async () => {
      await pve.powerOff();
      const broken = connected;
      connected = undefined;
      await Promise.resolve(broken?.[Symbol.asyncDispose]()).catch(() => {});
    },
    stop: async () => {
      await Promise.resolve(connected?.[Symbol.asyncDispose]()).catch(() => {});
      await pve.stop();
    },
  };
}

function connect({ ssh }: PveMachine, clock: Clock): SshMachine {
  const run = `test-${process.pid}`;
  return sshMachine({
    ...{ name: 'pve', clock, run, world: run, local: localMachine({ name: 'local', clock, run }) },
    address: { host: ssh.host, port: ssh.port, user: ssh.user, hostKey: ssh.hostKey },
    key: async () => readFileSync(ssh.keyFile, 'utf8'),
  });
}
