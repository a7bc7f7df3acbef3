// 3.2: a restore that cannot go on, at each place where it may find out, leads back to what there was before.
import { type Homelab, homelabLv } from '../../test/e2e/homelab.test-support.ts';
import { tries } from '../../test/e2e/volumes.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { authorities, leftOn, picture } from './swap-look.ts';

type Abort = Readonly<{
  what: string;
  /** before it is typed */
  prepare?(home: Homelab): Promise<void> | void;
  /** the step at which something happens, or Ctrl-C is pressed */
  at?: string;
  meanwhile?(home: Homelab): Promise<void> | void;
  stopped?: true;
  says: RegExp;
  /** so that the picture can be that of before */
  mend?(home: Homelab): Promise<void> | void;
}>;

const jellyfin = { kind: 'StatefulSet', namespace: 'media', name: 'jellyfin', replicas: 1 } as const;
const holder = '/run/holder';

const aborts: readonly Abort[] = [
  {
    what: 'kubectl may not scale (403)',
    prepare: ({ cluster }) => cluster.forbid('*', 'statefulsets/scale'),
    says: /forbidden|may not|not allowed/i,
    mend: ({ cluster }) => cluster.allowAll(),
  },
  {
    what: 'a pod that does not go, then Ctrl-C',
    prepare: ({ cluster }) => cluster.behave({ staysForEver: ['media/jellyfin*'] }),
    ...{ at: 'detach', stopped: true, says: /interrupted/ },
    mend: ({ cluster }) => cluster.behave({ staysForEver: [] }),
  },
  {
    what: 'a node that keeps the volume attached, then Ctrl-C',
    prepare: ({ cluster }) =>
      cluster.behave({ attachmentStays: cluster.items('persistentvolumes').map(({ metadata }) => metadata.name) }),
    ...{ at: 'detach', stopped: true, says: /interrupted/ },
    mend: ({ cluster }) => cluster.behave({ attachmentStays: [] }),
  },
  {
    what: 'a process of the host that has the volume open, then Ctrl-C',
    at: 'quiesce-0',
    meanwhile: async ({ machine }) =>
      void (await machine.must(
        `setsid sh -c 'exec 3</dev/pve/${homelabLv}; sleep 900' </dev/null >/dev/null 2>&1 & echo $! >${holder}`,
      )),
    ...{ stopped: true, says: /interrupted/ },
    mend: async ({ machine }) => void (await machine.must(`pkill -9 -s "$(cat ${holder})" || true; rm ${holder}`)),
  },
  {
    what: 'somebody who scales it up in the middle, then Ctrl-C',
    prepare: ({ cluster }) => cluster.behave({ meddlers: [{ ...jellyfin, after: { asks: 2 } }] }),
    ...{ at: 'detach', stopped: true, says: /interrupted/ },
    mend: ({ cluster }) => cluster.behave({ meddlers: [] }),
  },
  {
    what: 'a pod that does not become ready on what was restored, then Ctrl-C',
    at: 'swap',
    meanwhile: ({ cluster }) => cluster.behave({ neverReady: ['media/jellyfin*'] }),
    ...{ stopped: true, says: /interrupted/ },
    mend: ({ cluster }) => cluster.behave({ neverReady: [] }),
  },
];

/** The wait in which Ctrl-C is pressed: what comes after the step at which something happened. */
const waitsAt: Readonly<Record<string, string>> = { 'quiesce-0': 'detach', swap: 'verify' };

export async function proveAborts(report: Report, home: Homelab): Promise<void> {
  const { estate } = home;
  for (const { what, prepare, at, meanwhile, stopped, says, mend } of aborts) {
    const before = await picture(home);
    const known = estate.journal((runs) => runs[0]?.id);
    await prepare?.(home);
    const started = estate.start('restore', 'media/jellyfin', '--to', 'live', '--yes');
    if (at !== undefined) {
      await tries(estate, started, at, known);
      await meanwhile?.(home);
      if (stopped && waitsAt[at] !== undefined) await tries(estate, started, waitsAt[at], known);
      if (stopped) started.process.kill('SIGINT');
    }
    // What holds on lets go while it leads back, as the person who pressed Ctrl-C would see to.
    if (stopped) await mend?.(home);
    const status = await started.ended;
    if (!stopped) await mend?.(home);
    home.cluster.tick();
    const after = await picture(home);
    const left = await leftOn(home, estate.journal((runs) => runs[0]?.id) ?? '');
    report.row(
      `3.2 leads back: ${what}`,
      'holdfast restore media/jellyfin --to live --yes',
      authorities,
      holds(
        {
          'exit code': stopped ? status === 130 : status === 1,
          'it is said why': says.test(started.output()),
          'as before in everything': after === before,
          'today in the pod': (await home.inPod()) === 'today',
          'nothing left': left.length === 0,
        },
        `${status} ${started.output().slice(-500)} ${left.join()}\n${before}\n--\n${after}`,
      ),
    );
  }
  await proveBroken(report, home);
}

/** The last of them, since the point is spoilt: the tables of its inodes are written over, as a dying disk does. */
async function proveBroken(report: Report, home: Homelab): Promise<void> {
  const { machine, estate, cluster } = home;
  const [point = ''] = await home.names();
  await machine.must(`set -e; lvchange -ay -K pve/${point}
    dd if=/dev/urandom of=/dev/pve/${point} bs=1k seek=20 count=2000 conv=fsync status=none; lvchange -an pve/${point}`);
  const before = await picture(home);
  const pod = cluster.items('pods')[0]?.metadata.uid;
  const tried = await estate.type('restore', 'media/jellyfin', '--to', 'live', '--yes');
  report.row(
    '3.2 a point whose file system is broken is known before anybody is interrupted',
    tried.command,
    `${authorities}; the pod is the same`,
    holds(
      {
        'exit code 1': tried.status === 1,
        'it is said': /does not stand a check/.test(tried.stdout + tried.stderr),
        'as before in everything': (await picture(home)) === before,
        'the pod never went': cluster.items('pods')[0]?.metadata.uid === pod,
      },
      `${tried.stdout}${tried.stderr}`.slice(-900),
    ),
  );
  await home.write('tomorrow');
  report.control('a picture that does not see what is in the pod', (await picture(home)) !== before);
}
