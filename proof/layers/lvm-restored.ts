// 3.1: a point restored into an empty place, and compared with what was in the volume when it was taken.
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { type LvmPlace, lvs } from './lvm-place.ts';

export async function proveRestored(report: Report, { machine, estate }: LvmPlace): Promise<void> {
  const { must, sh } = machine;
  // As the volume itself has it, through the kernel's own eyes; then everything in it is spoilt.
  await must(`set -e; mkdir -p /mnt/v /mnt/r /mnt/backup/was; mount /dev/pve/${lvs.db} /mnt/v
    rsync -aHAXS --numeric-ids /mnt/v/ /mnt/backup/was/; rm -rf /mnt/v/plain /mnt/v/owned*; umount /mnt/v`);
  const done = await estate.type('restore', 'photos/db', '--to', 'pve/rescued', '--yes');
  await sh('mount -o ro /dev/pve/rescued /mnt/r');
  const differences = async () =>
    (await sh('rsync -aHAXnci --numeric-ids --delete /mnt/backup/was/ /mnt/r/')).stdout.trim();
  const attributes = (folder: string) =>
    must(`cd ${folder}; find . -print0 | sort -z >/tmp/all; xargs -0 getfacl -n -p </tmp/all 2>/dev/null
      xargs -0 getfattr -h -d -m - </tmp/all 2>/dev/null; find . -printf '%p %m %U %G %y %n %T@ %l\\n' | sort`);
  const found = await differences();
  const said = [await attributes('/mnt/backup/was'), await attributes('/mnt/r')];
  const names = await must("find /mnt/r -name '*bad*' | od -An -c | tr -d ' \\n'");
  report.row(
    '3.1 restored into an empty place: content, owner, mode, time, xattr, ACL, links, names that are no UTF-8',
    done.command,
    'rsync -aHAXnci --delete; getfacl, getfattr, find -printf on both sides',
    holds(
      {
        'exit code 0': done.status === 0,
        'rsync has nothing to do': found === '',
        'the attributes': said[0] === said[1] && (said[0]?.length ?? 0) > 300,
        'the name that is no UTF-8': names.includes('bad377name'),
      },
      `${done.stderr.slice(-200)} ${found} ${names} ${firstDifference(said[0] ?? '', said[1] ?? '')}`,
    ),
  );
  const over = await estate.type('restore', 'photos/db', '--to', 'pve/rescued', '--yes');
  report.control(
    'a restore over a volume that is there',
    over.status === 1 && /target-not-empty/.test(over.stdout + over.stderr),
  );
  await must('umount /mnt/r; mount /dev/pve/rescued /mnt/r; setfacl -b /mnt/r/plain; chmod 600 /mnt/r/owned');
  report.control('an ACL and a mode that differ', /plain[\s\S]*|owned/.test(await differences()));
  await must('umount /mnt/r; lvremove -qq -y pve/rescued; rm -r /mnt/backup/was');
}

function firstDifference(one: string, other: string): string {
  const [here, there] = [one.split('\n'), other.split('\n')];
  const at = here.findIndex((line, index) => line !== there[index]);
  return at < 0 ? '' : `${here[at]} | ${there[at]}`;
}
