// An estate whose files of FOLDER/data are copied into FOLDER/copies, and those points to another place: a NAS in each way that it can
// be reached, a disk, a remote of rclone, encrypted or not.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineEntry } from '../../../src/model/estate.ts';
import { type Answered, type Estate, estateIn } from '../../../test/e2e/estate.test-support.ts';
import { pointsIn } from '../../layers/place.ts';
import { here } from '../look.ts';
import type { Nas } from '../nas.ts';

export type OffsitePlace = Readonly<{
  estate: Estate;
  data: string;
  /** the points that are copied, and the disk that they are on */
  points: string;
  disk: string;
  /** a sealed generation of what is in `data` now */
  take(): Promise<Answered>;
  send(): Promise<Answered>;
  points_of(layer: 'files' | 'away'): Promise<readonly string[]>;
}>;

export type Way = Readonly<{
  name: string;
  /** of the layer `away`, beside its name, kind, machine, workload and points_of */
  entry: Readonly<Record<string, unknown>>;
  machines?: readonly MachineEntry[];
}>;

export const send = ['run', 'away', '--now'] as const;

export function offsitePlace(
  { entry, machines = [] }: Pick<Way, 'entry' | 'machines'>,
  keep = { keep_last: 20 },
): OffsitePlace {
  const estate = estateIn(estateText(entry, machines, keep), 'offsite');
  const at = (name: string) => join(estate.folder, name);
  for (const name of ['data', 'disk', 'remote']) mkdirSync(at(name), { mode: 0o700 });
  writeFileSync(at('rclone.conf'), '[local]\ntype = local\n');
  here(`cd ${at('data')}; ${tree}`);
  const pointsOf = async (layer: string): Promise<readonly string[]> => {
    const { stdout } = await estate.type('points', '--json');
    type Told = Readonly<{
      layer?: string;
      entry?: Readonly<{ name: string }>;
      manifest: Readonly<{ id: string; layer: string }>;
    }>;
    return (JSON.parse(stdout) as readonly Told[])
      .filter((told) => (told.layer ?? told.entry?.name ?? told.manifest.layer) === layer)
      .map(({ manifest }) => manifest.id);
  };
  return {
    ...{ estate, data: at('data'), points: at('disk/files'), disk: at('disk') },
    take: () => estate.type('run', 'files', '--now'),
    send: () => estate.type(...send),
    points_of: pointsOf,
  };
}

const estateText = (entry: Way['entry'], machines: readonly MachineEntry[], keep: object): string =>
  JSON.stringify({
    estate: 'offsite',
    machines: [{ name: 'here', local: true }, ...machines],
    workloads: [{ name: 'photos' }, { name: 'away' }],
    layers: [
      {
        ...{
          name: 'files',
          kind: 'files',
          machine: 'here',
          workload: 'photos',
          from: { folders: [{ folder: 'FOLDER/data' }] },
        },
        ...{ to: 'FOLDER/disk', keep: { keep_last: 20 } },
      },
      {
        ...{ name: 'away', kind: 'offsite', machine: 'here', workload: 'away', points_of: ['files'], keep },
        ...{ staging: 'FOLDER/staging', ...entry },
      },
    ],
  });

/** What no careless copy keeps; nothing that rrsync does not take (devices, fifos). The last name is no UTF-8. */
const tree = `mkdir -p one/two empty 'with blank'; echo 1 >one/1; echo 2 >one/two/2; ln one/1 'with blank/hard'; ln -s /etc/shadow out; ln -s nowhere dangling
echo x >"it's -rf \\$(touch x)"; echo x >"$(printf 'new\\nline')"; echo x >"$(printf 'bad\\377name')"; truncate -s 20M sparse; printf end >>sparse
chmod 4755 one/1; chown 1234:4321 one/two; chmod 2770 one/two; chown -h 77:78 dangling; setfattr -n user.note -v kept one/two/2; setfacl -m u:1234:r one/two/2; setfacl -d -m g:4321:rwx one
touch -h -d '2001-02-03 04:05:06.123456789' out one/1; head -c 3000000 /dev/urandom >random; mkdir many; cd many; seq 300 | xargs -n1 sh -c 'echo $0 >$0'`;

/** The ways to reach one NAS, and others: each with a folder of its own. */
export function waysTo(nas: Nas): Readonly<{ ways: readonly Way[]; giveBack(): void }> {
  const own = here('mktemp -d /tmp/holdfast-e2e-ways-XXXXXX');
  const served = nas.serve('narrow');
  const keeper = nas.serve('keeper');
  const key = ageKey();
  const disk = join(own, 'disk');
  here(
    `mkdir ${disk}; truncate -s 200M ${disk}.img; mke2fs -q -t ext4 -m 0 ${disk}.img; mount -o loop ${disk}.img ${disk}`,
  );
  const ways: readonly Way[] = [
    {
      name: 'a NAS by the shell of its root',
      entry: { to: join(nas.disk, 'root'), to_machine: 'nas' },
      machines: [nas.shellEntry('nas')],
    },
    {
      name: 'a NAS by the shell of an ordinary user',
      ...{ entry: { to: join(keeper.root, 'points'), to_machine: 'nas' }, machines: [nas.shellEntry('nas', 'keeper')] },
    },
    {
      name: 'a NAS that only takes (rrsync), with a second key that reads',
      ...{ entry: { to: join(served.root, 'points'), to_machine: 'nas' }, machines: [nas.servedEntry('nas', served)] },
    },
    {
      name: 'a NAS, encrypted to a public key',
      entry: {
        to: join(nas.disk, 'encrypted'),
        to_machine: 'nas',
        untrusted: true,
        encrypt_to: [key.recipient],
        identity: { file: key.file },
      },
      machines: [nas.shellEntry('nas')],
    },
    { name: 'a local disk', entry: { to: join(disk, 'points'), mounted_at: disk } },
    { name: 'a remote of rclone', entry: { remote: 'local:FOLDER/remote', rclone_config: 'FOLDER/rclone.conf' } },
  ];
  return { ways, giveBack: () => void here(`umount ${disk}; rm -r ${own}`) };

  function ageKey(): Readonly<{ recipient: string; file: string }> {
    const file = join(own, 'identity');
    const text = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(file, /^AGE-SECRET-KEY\S+/m.exec(text)?.[0] ?? '', { mode: 0o600 });
    return { file, recipient: /public key: (\S+)/.exec(text)?.[1] ?? '' };
  }
}

export const sealed = (points: string): readonly string[] => [...pointsIn(points)].sort();
