// A share with a real tracker beside it, and its mirror at a NAS.
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answered, type Estate, estateAt, type Started } from '../../../test/e2e/estate.test-support.ts';
import { differences, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { type TrackPlace, trackPlace } from '../track/place.ts';

export const run = ['run', 'mirror', '--now'] as const;

export type MirrorPlace = Readonly<{
  track: TrackPlace;
  estate: Estate;
  share: string;
  /** at the NAS */
  root: string;
  tree: string;
  /** once the journal has all that happened until now */
  run(): Promise<Answered>;
  /** in what the share and its mirror differ; nothing where they do not */
  differs(): string;
  /** the entry of the layer from now on */
  declare(more: Readonly<Record<string, unknown>>): void;
  /** ends the tracker, and starts another one */
  endTracker(): Promise<void>;
  startTracker(): Promise<void>;
  points(): Promise<readonly string[]>;
  close(): Promise<void>;
}>;

/** @param root a folder of its own, if there is one already */
export async function mirrorPlace(
  nas: Nas,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-e2e-'))),
): Promise<MirrorPlace> {
  const track = trackPlace('fanotify', root);
  let tracker: Started | undefined = await track.start();
  const to = join(nas.disk, name);
  const file = join(root, 'mirror.yaml');
  const journal = join(root, 'journals', readdirSync(join(root, 'journals'))[0] ?? '');
  const declare: MirrorPlace['declare'] = (others) =>
    writeFileSync(
      file,
      JSON.stringify({
        estate: 'mirrors',
        machines: [{ name: 'here', local: true }, nas.shellEntry('nas')],
        workloads: [{ name: 'photos' }],
        layers: [
          {
            ...{
              name: 'mirror',
              kind: 'mirror',
              machine: 'here',
              workload: 'photos',
              from: { folder: track.folder, journal },
            },
            ...{ to, to_machine: 'nas', mounted_at: nas.disk, ...more, ...others },
          },
        ],
      }),
    );
  declare({});
  const estate = estateAt(file, 'mirrors', join(root, 'state-of-mirrors'), root);
  const tree = join(to, 'mirror', 'tree');
  const endTracker = async () => {
    tracker?.process.kill('SIGKILL');
    await tracker?.ended;
    tracker = undefined;
  };
  return {
    ...{ track, estate, share: track.folder, root: join(to, 'mirror'), tree, declare, endTracker },
    run: async () => {
      if (tracker !== undefined) await track.changes();
      return estate.type(...run);
    },
    // Both lie where the console of the NAS sees them.
    differs: () => differences((script) => nas.sh(script), track.folder, tree),
    startTracker: async () => {
      tracker = await track.start();
    },
    points: async () => {
      type Told = Readonly<{ manifest: Readonly<{ id: string }> }>;
      return (JSON.parse((await estate.type('points', '--json')).stdout) as readonly Told[])
        .map(({ manifest }) => manifest.id)
        .sort();
    },
    close: async () => {
      await endTracker();
      nas.tried(`rm -rf ${to}`);
      rmSync(root, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** 200 files and everything that no careless copy keeps. */
export const fill = (share: string): string =>
  here(`cd ${share}; mkdir -p one/two empty 'with blank' album many; echo 1 >one/1; echo 2 >one/two/2; ln one/1 'with blank/hard'; ln -s /etc/shadow out; ln -s nowhere dangling; mkfifo pipe
echo x >"it's -rf \\$(touch x)"; echo x >"$(printf 'new\\nline')"; echo x >"$(printf 'bad\\377name')"; truncate -s 20M sparse; printf end >>sparse
chmod 4755 one/1; chown 1234:4321 one/two; chmod 2770 one/two; chown -h 77:78 dangling; setfattr -n user.note -v kept one/two/2; setfacl -m u:1234:r one/two/2; setfacl -d -m g:4321:rwx one
touch -h -d '2001-02-03 04:05:06.123456789' out one/1; for n in $(seq 20); do head -c 30000 /dev/urandom >album/$n.jpg; done; cd many; seq 180 | xargs -n1 sh -c 'echo $0 >$0'`);
