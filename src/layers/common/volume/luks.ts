// Opening what is encrypted: the key goes to cryptsetup on its standard input, and nowhere else. Which key fits is remembered by the
// UUID of the LUKS header, so that the next run does not try them all (each try takes seconds, by design).
import * as z from 'zod';
import type { World } from '../../../contracts/world.ts';
import { Fault } from '../../../fault.ts';
import type { Argv, Ended, Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { nameOfReference, type SecretReference } from '../../../values/secret-reference.ts';
import { count, shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';

/** Whom the secret is for. */
const forCryptsetup = 'cryptsetup';

export type Locked = Readonly<{
  machine: Machine;
  device: string;
  /** of the LUKS header */
  uuid: string;
  keys: readonly SecretReference[];
  /** for people */
  label: string;
  world: World;
  signal: AbortSignal;
}>;

/** cryptsetup(8): 2 is no permission, which is a wrong passphrase. */
const wrongKey = 2;

const base = (locked: Locked): readonly [string, ...string[]] => [
  ...(['cryptsetup', 'open', '--type', 'luks', '--batch-mode', '--key-file=-'] as const),
  ...['--', locked.device],
];

/** @throws Fault `luks-key-missing`, `luks-key-wrong` where none of the declared keys opens it */
export async function proveKey(locked: Locked): Promise<void> {
  const [program, verb, ...rest] = base(locked);
  await tryKeys(locked, [program, verb ?? '', '--test-passphrase', ...rest]);
}

/** Opens it as `/dev/mapper/NAME`. */
export async function openLuks(locked: Locked, mapper: string): Promise<string> {
  await tryKeys(locked, [...base(locked), mapper]);
  return `/dev/mapper/${mapper}`;
}

async function tryKeys(locked: Locked, argv: Argv): Promise<void> {
  const { keys, world, uuid } = locked;
  if (keys.length === 0) throw withoutKey(locked);
  const what = `luks-key ${uuid}`;
  const known = z.string().safeParse(world.recall(what)?.value).data;
  const first = keys.filter((key) => nameOfReference(key) === known);
  const unreadable: Fault[] = [];
  for (const key of [...first, ...keys.filter((one) => !first.includes(one))]) {
    const forms = await formsOf(key, world).catch((error) => {
      if (!(error instanceof Fault)) throw error;
      unreadable.push(error);
      return [];
    });
    for (const form of forms) {
      const ended = await locked.machine.run(argv, { input: form, signal: locked.signal, deadline: minutes(3) });
      if (ended.exitCode === 0) return remembered(world, what, known, nameOfReference(key));
      if (ended.exitCode !== wrongKey) throw refused(locked, ended);
    }
  }
  throw unreadable[0] !== undefined && unreadable.length === keys.length ? unreadable[0] : wrong(locked, unreadable);
}

function remembered(world: World, what: string, known: string | undefined, name: string): void {
  if (known !== name) world.remember(what, name);
}

/**
 * The key as it was written, as a file with a line break at its end (a key that `luksAddKey FILE` took from such a file has it), and,
 * where it can be, as the bytes that its base64 stands for.
 */
async function formsOf(key: SecretReference, world: World): Promise<readonly (string | Uint8Array)[]> {
  const text = (await world.secret(key, forCryptsetup)).revealTo(forCryptsetup);
  const bytes = Buffer.from(text, 'base64');
  const binary = text.length >= 24 && bytes.toString('base64') === text;
  return [text, `${text}\n`, ...(binary ? [bytes] : [])];
}

const withoutKey = ({ label }: Locked): Fault =>
  new Fault('luks-key-missing', {
    where: shown(label),
    says: 'it is encrypted (LUKS), and the estate declares no key for it',
    remedy: 'name a key under `luks_keys` of the layer that makes its snapshots: { file: ... }, { vault: ... }',
  });

const wrong = ({ label, keys, uuid }: Locked, unreadable: readonly Fault[]): Fault =>
  new Fault('luks-key-wrong', {
    where: shown(label),
    says:
      `none of ${count(keys.length, 'declared key')} opens its LUKS header ${uuid}` +
      unreadable.map(({ says }) => `; one could not be read: ${says}`).join(''),
    remedy: 'add the key that does to `luks_keys`, or one of ours to the volume (`cryptsetup luksAddKey`)',
  });

const refused = ({ label }: Locked, ended: Ended): Fault =>
  new Fault('luks-not-opened', {
    where: shown(label),
    says: `cryptsetup: ${lastWords(ended)}`,
    remedy: 'run `cryptsetup luksDump` on the machine; with too little memory for its key derivation, free some',
  });

export async function closeLuks(machine: Machine, mapper: string): Promise<Ended | undefined> {
  const deadline = minutes(2);
  const there = await machine.run(['dmsetup', 'info', '--columns', '--noheadings', '-o', 'name', mapper], { deadline });
  if (there.exitCode !== 0) return undefined;
  const ended = await machine.run(['cryptsetup', 'close', '--', mapper], { deadline });
  return ended.exitCode === 0 ? undefined : ended;
}
