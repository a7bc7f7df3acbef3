// 3.1: snapshots of a thin pool, as lvs, dmsetup and sha256sum on the machine see them.
import { mapperName } from '../../test/pve-machine/faults.test-support.ts';
import { unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';
import { proveGuards } from './lvm-guards.ts';
import { type LvmPlace, lvs, startLvmPlace, wanted } from './lvm-place.ts';
import { proveRestored } from './lvm-restored.ts';
import { proveSilence } from './lvm-silence.ts';

export async function proveLvm(report: Report): Promise<void> {
  report.section('3.1 lvm-thin: found, taken, kept, and never in the way');
  if (unlessMachine !== false) return report.skip('lvm-thin', unlessMachine);
  const place = await startLvmPlace();
  try {
    await proveTaken(report, place);
    await proveRestored(report, place);
    await proveSilence(report, place);
    await proveKeep(report, place);
    await proveGuards(report, place);
    await proveInactive(report, place);
  } finally {
    await place.stop();
  }
}

type Point = Readonly<{ manifest: Readonly<{ workload: string; source: Readonly<{ lv: string }> }> }>;

async function proveTaken(report: Report, { machine, estate, look }: LvmPlace): Promise<void> {
  const { must } = machine;
  const sum = (device: string) => must(`sha256sum <${device}`);
  const [db, live] = [`/dev/pve/${lvs.db}`, `/dev/pve/${lvs.live}`];
  await must(`printf 'as it was' | dd of=${live} conv=notrunc,fsync status=none`);
  const before = [await sum(db), await sum(live)];
  const ran = await estate.type('run', 'volumes');
  const origins = await look.origins();
  const asked = 'lvs: the origin of each sealed snapshot';
  report.row(
    '3.1 found by pattern: every volume of the pool once; not the excluded namespace, other pools, guests’ disks, others’ snapshots',
    ran.command,
    asked,
    holds({ 'exit code 0': ran.status === 0, origins: sameList(origins, wanted) }, `${origins.join()} ${ran.stderr}`),
  );

  const points = JSON.parse((await estate.type('points', '--json')).stdout) as readonly Point[];
  const told = points.map(({ manifest }) => `${manifest.source.lv} ${manifest.workload}`);
  const claims = { db: 'photos/db', library: 'photos/library', released: 'wiki/data', live: 'wiki/data' } as const;
  const tagged = await look.lines("lvs --noheadings -o origin,lv_tags -S 'lv_name=~^hf_' pve");
  const tagsAgree = Object.entries(claims).every(([name, claim]) =>
    tagged.some(
      (line) =>
        line.startsWith(lvs[name as keyof typeof lvs]) &&
        line.includes(`hf.claim=${claim}`) &&
        told.includes(`${lvs[name as keyof typeof lvs]} ${claim}`),
    ),
  );
  report.row(
    '3.1 handles of the CSI driver, new (region/zone/storage/volume) and old (storage:volume), lead to the claim',
    'holdfast points --json',
    'lvs: the tags of each snapshot',
    holds({ 'the claims': tagsAgree }, `${told.join('\n')}\n${tagged.join('\n')}`),
  );
  const names = estate.journal((runs, entriesOf) =>
    entriesOf(runs[0]?.id ?? '').flatMap((entry) =>
      entry.event === 'expanded' ? (entry.plan.itemResults?.expected ?? []).map(({ name }) => name) : [],
    ),
  );
  report.row(
    '3.1 a released volume and the live one of the same claim are both protected, and told apart',
    ran.command,
    'cluster.json of kubectl: which is Released; lvs: both have a snapshot; the names in the journal',
    holds(
      {
        'two names': names?.includes('wiki/data') === true && names.includes(`wiki/data (${lvs.released})`),
        'two snapshots': [lvs.released, lvs.live].every((lv) => origins.includes(lv)),
      },
      names?.join() ?? 'no names',
    ),
  );

  await must(`printf 'as it is now' | dd of=${live} conv=notrunc,fsync status=none`);
  const bytesOf = async (origin: string) => {
    const [name] = await look.lines(`lvs --noheadings -o lv_name -S 'lv_name=~^hf_ && origin=${origin}' pve`);
    return must(
      `set -e; lvcreate -qq -s -kn -pr -n look pve/${name}; sha256sum </dev/pve/look; lvremove -qq -y pve/look`,
    );
  };
  const taken = [await bytesOf(lvs.db), await bytesOf(lvs.live)];
  report.row(
    '3.1 a snapshot is, bit by bit, its origin at that moment',
    `${ran.command}; dd of=${live}`,
    'sha256sum of the volume before, and of a clone of its snapshot',
    holds({ 'the digests': sameList(taken, before) }, `${before.join()} ${taken.join()}`),
  );
  report.control('a snapshot that holds what was written after it', (await sum(live)) !== taken[1]);

  const [one = ''] = await look.lines(`lvs --noheadings -o lv_name -S 'lv_name=~^hf_ && origin=${lvs.nobodys}' pve`);
  await must(`lvremove -qq -y pve/${one}`);
  report.control('a volume without a snapshot', !sameList(await look.origins(), wanted));
}

/** After several runs: `keep_last: 2`, one point held, and what is not ours. */
async function proveKeep(report: Report, { machine, estate, look }: LvmPlace): Promise<void> {
  const [first = ''] = await look.lines(`lvs --noheadings -o lv_name -S 'lv_name=~^hf_ && origin=${lvs.db}' pve`);
  await machine.must(`lvchange -qq --addtag hf.held=audit pve/${first}`);
  const ran = [await estate.type('run', 'volumes'), await estate.type('run', 'volumes')];
  const kept = async () => {
    const counts = Map.groupBy(await look.origins(), (origin) => origin);
    const others = await look.lines(
      `lvs --noheadings -o lv_name -S 'lv_name=before-upgrade || lv_name=~^snap_ || lv_name=${first}' pve`,
    );
    const few = wanted.map((lv) => counts.get(lv)?.length ?? 0);
    return {
      'two of each, three where one is held': sameList(few.map(String), ['3', '2', '2', '2', '2']),
      foreign: others.length === 3,
      few,
    };
  };
  const { few, ...claims } = await kept();
  report.row(
    '3.1 keep: what retention lets go is removed; what is held, and what is not ours, stays',
    'holdfast run volumes; lvchange --addtag hf.held=audit; holdfast run volumes; holdfast run volumes',
    'lvs: snapshots by origin',
    holds({ 'exit codes': ran.every(({ status }) => status === 0), ...claims }, `${few.join()} ${ran[1]?.stderr}`),
  );
  await machine.must('lvremove -qq -y pve/before-upgrade');
  const after = await kept();
  report.control('somebody’s snapshot that went with ours', !after.foreign);
}

/** A start of the machine activates every volume but these. */
async function proveInactive(report: Report, { machine, look }: LvmPlace): Promise<void> {
  const mapped = async () => (await look.lines('dmsetup ls')).filter((line) => line.startsWith('pve-hf_'));
  const [snapshots, here] = [await look.origins(), await mapped()];
  await machine.must('vgchange -qq -an pve; vgchange -qq -ay pve');
  const again = await mapped();
  await machine.powerOff();
  await machine.boot();
  const started = await mapped();
  const volume = (await look.lines('dmsetup ls')).some((line) => line.startsWith(mapperName(lvs.db)));
  report.row(
    '3.1 never activated by accident: not by a run, by vgchange -ay, or by a start of the machine',
    'holdfast run volumes; vgchange -ay pve; power-off',
    'dmsetup ls',
    holds(
      {
        'none is active': here.length + again.length + started.length === 0,
        'there are some': snapshots.length > 5,
        'volumes are up': volume,
      },
      [...here, ...again, ...started].join(),
    ),
  );
  const [one = ''] = await look.lines("lvs --noheadings -o lv_name -S 'lv_name=~^hf_' pve");
  await machine.must(`lvchange -qq -kn pve/${one}; vgchange -qq -ay pve`);
  report.control('a snapshot without the mark that keeps it from being activated', (await mapped()).length === 1);
}
