// The step `lvm-thin.check`: what is about to be put in place is looked at first, on the copy, while the workload still runs on
// what it has. A point that does not stand the check ends the restore here, and nobody was interrupted.
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended } from '../../../machines/machine.ts';
import { absent } from '../../../model/step.ts';
import { minutes } from '../../../values/duration.ts';
import { lastWords, must } from '../../common/commands.ts';
import { runWord } from '../../common/lvm/names.ts';
import { checkFileSystem, folderFor } from './file-systems.ts';
import { type Swapping, swappingIn } from './given.ts';
import { activate, deactivate, volumeNamed } from './lvm.ts';
import { patiently } from './patiently.ts';

export const checkKind: StepKind = {
  name: 'lvm-thin.check',
  observe: async () => absent,

  do: async (context) => {
    const swapping = swappingIn(context);
    const { names } = swapping;
    context.take('open copy', names.fresh);
    await activate(swapping, names.fresh, context.signal);
    const device = swapping.device(names.fresh);
    const outer = await contentOf(context, swapping, device);
    if (outer !== 'crypto_LUKS') return checked(context, swapping, device, outer);
    if (swapping.luks_keys.length === 0)
      return {
        result: { content: 'LUKS' },
        degraded: [`${names.fresh} is encrypted and no key is declared: what is in it was not checked`],
      };
    const inner = await openLuks(context, swapping, device);
    return checked(context, swapping, inner, await contentOf(context, swapping, inner));
  },

  /** A check whose answer was lost is no check. */
  probe: async () => ({ answer: 'not done', evidence: 'it was not heard to its end' }),

  /** It has changed nothing but the copy, which goes as a whole. */
  undo: async () => {},

  release: (context) =>
    patiently(context, async () => {
      const swapping = swappingIn(context);
      const folder = folderFor(context.run);
      if ((await swapping.on.run(['mountpoint', '--quiet', '--', folder])).exitCode === 0)
        await must(swapping.on, ['umount', '--', folder], { deadline: minutes(5) });
      await swapping.on.files.remove(folder);
      await closeLuks(context, swapping);
      const copy = await volumeNamed(swapping, swapping.names.fresh, context.signal);
      if (copy?.active === true) await deactivate(swapping, copy.name, context.signal);
    }),
};

async function checked(context: StepContext, swapping: Swapping, device: string, content: string | undefined) {
  if (content === undefined) {
    if (swapping.must_hold_files) throw broken(swapping, 'there is no file system in it that blkid(8) knows');
    return {
      result: { content: null },
      degraded: ['there is no file system in it that is known, so nothing was checked'],
    };
  }
  const verdict = await checkFileSystem({ context, on: swapping.on, device, content });
  if (verdict.broken !== undefined) throw broken(swapping, verdict.broken);
  for (const line of verdict.remarks) context.log(line);
  return { result: { content }, ...(verdict.unchecked === undefined ? {} : { degraded: [verdict.unchecked] }) };
}

const broken = ({ point, vg }: Swapping, says: string): Fault =>
  new Fault('point-broken', {
    where: `${vg}/${point.lv}`,
    says: `the restore point does not stand a check: ${says}`,
    remedy: 'choose an older one (`holdfast points`, then --point ID); nothing was changed, and nobody was interrupted',
  });

/** Undefined where blkid finds nothing it knows. */
async function contentOf(context: StepContext, { on }: Swapping, device: string): Promise<string | undefined> {
  const argv: Argv = ['blkid', '--probe', '--output', 'value', '--match-tag', 'TYPE', '--', device];
  const ended = await on.run(argv, { signal: context.signal, deadline: minutes(2) });
  if (ended.exitCode !== 0 && ended.exitCode !== 2)
    throw new Fault('command-failed', {
      where: on.name,
      says: `blkid: ${lastWords(ended)}`,
      remedy: `run it by hand to see more: ${argv.join(' ')}`,
    });
  return ended.stdout.trim() || undefined;
}

const mapperOf = (run: string): string => `hf-${runWord(run)}`;

/** cryptsetup(8): 2 is a key that does not fit. Keys go to its standard input, and nowhere else. */
async function openLuks(context: StepContext, swapping: Swapping, device: string): Promise<string> {
  const mapper = mapperOf(context.run);
  const tried: string[] = [];
  for (const reference of swapping.luks_keys) {
    const key = await context.world.secret(reference, 'cryptsetup');
    tried.push(String(key));
    const argv: Argv = ['cryptsetup', 'open', '--type', 'luks', '--batch-mode', '--key-file=-', '--', device, mapper];
    const options = { input: key.revealTo('cryptsetup'), signal: context.signal, deadline: minutes(5) };
    const ended: Ended = await swapping.on.run(argv, options);
    if (ended.exitCode === 0) return `/dev/mapper/${mapper}`;
    if (ended.exitCode !== 2) throw broken(swapping, `cryptsetup: ${lastWords(ended)}`);
  }
  throw new Fault('luks-key-wrong', {
    where: `${swapping.vg}/${swapping.point.lv}`,
    says: `none of the declared keys opens it: ${tried.join(', ')}`,
    remedy: 'declare the key it was made with under `luks_keys` of the layer; nothing was changed',
  });
}

/** cryptsetup(8): 4 is a mapper that is not there. */
async function closeLuks(context: StepContext, { on, luks_keys }: Swapping): Promise<void> {
  if (luks_keys.length === 0) return;
  const ended = await on.run(['cryptsetup', 'close', mapperOf(context.run)], { deadline: minutes(2) });
  if (ended.exitCode !== 0 && ended.exitCode !== 4)
    throw new Fault('luks-stays-open', {
      where: on.name,
      says: `${mapperOf(context.run)} could not be closed: ${lastWords(ended)}`,
      remedy: `see what uses it (\`lsblk\`), then: cryptsetup close ${mapperOf(context.run)}`,
    });
}
