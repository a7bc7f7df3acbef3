// The file system's own checker has the word. A point is what a power cut would have left: its journal is replayed first, as a
// mount would, on the copy, and only what is wrong after that is wrong.
import type { StepContext } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine } from '../../../machines/machine.ts';
import { hours, minutes } from '../../../values/duration.ts';
import { lastWords, must } from '../../common/commands.ts';
import { runWord } from '../../common/lvm/names.ts';

export type Checking = Readonly<{ context: StepContext; on: Machine; device: string; content: string }>;
export type Verdict = Readonly<{
  /** why it may not be put in place */
  broken?: string;
  /** why nobody can say */
  unchecked?: string;
  remarks: readonly string[];
}>;

const checkers: Readonly<Record<string, (checking: Checking) => Promise<Verdict>>> = {
  ext2: checkExt,
  ext3: checkExt,
  ext4: checkExt,
  xfs: checkXfs,
  btrfs: (checking) => byOne(checking, ['btrfs', 'check', '--readonly', checking.device]),
  vfat: (checking) => byOne(checking, ['fsck.fat', '-n', checking.device]),
};

export async function checkFileSystem(checking: Checking): Promise<Verdict> {
  const checker = checkers[checking.content];
  if (checker === undefined)
    return { unchecked: `nothing here can check ${checking.content}, so nothing did`, remarks: [] };
  try {
    return await checker(checking);
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'command-missing')) throw error;
    return { unchecked: `its ${checking.content} was not checked: ${error.says} on ${checking.on.name}`, remarks: [] };
  }
}

/** Output comes at no known pace, so the step is kept alive while the checker runs. */
async function run({ context, on }: Checking, argv: Argv): Promise<Ended> {
  const { stdout, ended } = on.stream(argv, { signal: context.signal, deadline: hours(6) });
  const alive = new AbortController();
  const beat = async () => {
    for (let minute = 0; ; minute += 1) {
      context.progress({ done: minute, unit: 'items', what: `checking the copy (${argv[0]})` });
      await context.world.clock.sleep(minutes(1), alive.signal);
    }
  };
  const beating = beat().catch(() => {});
  const last: Uint8Array[] = [];
  try {
    for await (const chunk of stdout) if (last.push(Uint8Array.from(chunk)) > 8) last.shift();
    return { ...(await ended), stdout: Buffer.concat(last).toString() };
  } finally {
    alive.abort(new Error('the checker has ended'));
    await beating;
  }
}

/** e2fsck(8): -p replays the journal, clears orphans, and leaves alone what is really wrong (4); then nothing may be left to do. */
async function checkExt(checking: Checking): Promise<Verdict> {
  const preened = await run(checking, ['e2fsck', '-f', '-p', checking.device]);
  if (preened.exitCode >= 4) return { broken: `e2fsck: ${lastWords(preened)}`, remarks: [] };
  const after = await run(checking, ['e2fsck', '-f', '-n', checking.device]);
  if (after.exitCode !== 0) return { broken: `e2fsck: ${lastWords(after)}`, remarks: [] };
  return { remarks: preened.exitCode === 0 ? [] : ['e2fsck replayed the journal of the copy and tidied it up'] };
}

export const folderFor = (run: string): string => `/run/holdfast-${runWord(run)}`;

/** xfs has no replay but the kernel's: where xfs_logprint(8) finds the log dirty, the copy is mounted once, and looked at then. */
async function checkXfs(checking: Checking): Promise<Verdict> {
  const { context, on, device } = checking;
  const log = await on.run(['xfs_logprint', '-t', device], { signal: context.signal, deadline: minutes(10) });
  const dirty = !/<CLEAN>/.test(log.stdout);
  if (dirty) {
    const folder = folderFor(context.run);
    context.take('mount', folder);
    await on.files.makeFolder(folder, 0o700);
    const options = 'rw,nouuid,nodev,nosuid,noexec';
    const mounted = await on.run(['mount', '-t', 'xfs', '-o', options, '--', device, folder], {
      signal: context.signal,
      deadline: minutes(10),
    });
    if (mounted.exitCode !== 0) return { broken: `its log cannot be replayed: ${lastWords(mounted)}`, remarks: [] };
    await must(on, ['umount', '--', folder], { signal: context.signal, deadline: minutes(10) });
  }
  const verdict = await byOne(checking, ['xfs_repair', '-n', device]);
  return { ...verdict, remarks: dirty ? ['the log of the copy was replayed'] : [] };
}

async function byOne(checking: Checking, argv: Argv): Promise<Verdict> {
  const ended = await run(checking, argv);
  return ended.exitCode === 0 ? { remarks: [] } : { broken: `${argv[0]}: ${lastWords(ended)}`, remarks: [] };
}
