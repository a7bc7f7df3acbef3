// Volumes of a real thin pool, as the end-to-end tests and the proof look at them: the estate that protects them, and what `lvs` and
// `dmsetup` say of them on the machine, asked past us.
import type { Cluster } from '../pve-machine/kubectl/cluster.test-support.ts';
import type { PveMachine } from '../pve-machine/pve-machine.test-support.ts';
import { type Estate, type Started, tries as triesIn } from './estate.test-support.ts';

export const smallPool = { megabytes: 512, metadataMegabytes: 4 } as const;

/** The layer `volumes`, with `keep_last: 2`. JSON is YAML. */
export const volumesEstate = (
  machine: PveMachine,
  cluster: Cluster | undefined,
  more: object = {},
  otherLayers: readonly object[] = [],
): string =>
  JSON.stringify({
    estate: 'lvm',
    machines: [{ name: 'here', local: true }, machine.machineEntry('pve')],
    ...(cluster === undefined ? {} : { kubernetes: [{ ...cluster.entry('here'), kubectl: cluster.kubectl }] }),
    workloads: [{ name: 'cluster' }],
    layers: [
      {
        ...{ name: 'volumes', kind: 'lvm-thin', machine: 'pve', workload: 'cluster', keep: { keep_last: 2 } },
        ...(cluster === undefined ? {} : { kubernetes: cluster.entry('here').name }),
        ...more,
      },
      ...otherLayers,
    ],
  });

export type PoolLook = Readonly<{
  /** the lines that a shell says there, trimmed */
  lines(script: string): Promise<readonly string[]>;
  /** names and tags of what begins as ours does */
  ours(): Promise<readonly string[]>;
  unsealed(): Promise<readonly string[]>;
  /** origins of our sealed snapshots, one for each snapshot */
  origins(): Promise<readonly string[]>;
  /** what must never be there once a run is over, in words: half-made, suspended, activated; or a pool that takes no volume */
  wrong(): Promise<readonly string[]>;
}>;

export function lookAt(machine: Pick<PveMachine, 'must' | 'sh'>): PoolLook {
  const lines = async (script: string) =>
    (await machine.must(script))
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const ours = () => lines("lvs --noheadings -o lv_name,lv_tags -S 'lv_name=~^hf_' pve");
  const unsealed = async () => (await ours()).filter((line) => !line.includes('hf.sealed='));
  return {
    lines,
    ours,
    unsealed,
    origins: async () => {
      const all = await lines("lvs --noheadings -o origin,lv_tags -S 'lv_name=~^hf_' pve");
      return all.filter((line) => line.includes('hf.sealed=')).map((line) => line.split(/\s+/)[0] ?? '');
    },
    wrong: async () => {
      const suspended = await lines('dmsetup info -c --noheadings -o name -S suspended=Suspended');
      const active = await lines("lvs --noheadings -o lv_name -S 'lv_name=~^hf_ && lv_active=active' pve");
      // A pool that is out of step with its metadata refuses every new volume.
      const taken = await machine.sh('lvcreate -qq -y -V 4M -T pve/data -n probe && lvremove -qq -y pve/probe');
      return [
        ...(await unsealed()).map((name) => `half-made: ${name}`),
        ...suspended.filter((name) => name.startsWith('pve')).map((name) => `suspended: ${name}`),
        ...active.map((name) => `active: ${name}`),
        ...(taken.exitCode === 0 ? [] : [`the pool takes no volume: ${taken.stderr.trim()}`]),
      ];
    },
  };
}

/** `path CODE` of each fault of the newest run. */
export const faultsIn = (estate: Estate): readonly string[] =>
  estate.journal((runs, entriesOf) =>
    entriesOf(runs[0]?.id ?? '').flatMap((entry) => ('fault' in entry ? [`${entry.path} ${entry.fault.code}`] : [])),
  ) ?? [];

export const stateOf = (estate: Estate, run?: string): string | undefined =>
  estate.journal((runs) => runs.find(({ id }) => run === undefined || id === run)?.state);

/** The path of the first step of the newest run that came out of a discovery. */
export const firstFound = (estate: Estate): string | undefined =>
  estate.journal((runs, entriesOf) => entriesOf(runs[0]?.id ?? '').find(({ path }) => path.includes('>'))?.path);

/** As everywhere; an emulated machine takes its time, and is asked less often meanwhile. */
export const tries = (estate: Estate, started: Started, path: string | RegExp, known?: string): Promise<string> =>
  triesIn(estate, started, path, known, 8, 30);
