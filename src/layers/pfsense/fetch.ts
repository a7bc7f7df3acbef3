// What comes from the firewall, and whether it is whole.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Part } from '../../model/restore-point.ts';
import { lastWords } from '../common/commands.ts';
import { checkRoom } from '../common/points/destination.ts';
import { writtenPart } from '../common/points/part.ts';
import { layOut, type Shape } from '../common/trees/laid-out.ts';
import { configByApi } from './api.ts';
import { type ConfigFacts, readConfig } from './config-xml.ts';
import { archiveArgv, archived, bytesToArchive, configBySsh } from './firewall.ts';
import type { Taking } from './placed.ts';

const partNames = { config: 'config.xml', archive: 'full.tar.gz' } as const;

export type Fetched = Readonly<{
  parts: readonly Part[];
  shape: Shape;
  facts: ConfigFacts;
  degraded: readonly string[];
}>;

export async function fetchConfig(taking: Taking, context: StepContext): Promise<Fetched> {
  const { place, out } = taking;
  const bytes = await configOf(taking, context);
  const facts = await readConfig(bytes, taking.entry.machine);
  const part = await writtenPart(place.machine, join(out, partNames.config), once(bytes));
  return { parts: [part], shape: { files: [partNames.config], made: [''] }, facts, degraded: [] };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const configOf = ({ entry }: Taking, context: StepContext): Promise<Buffer> =>
  entry.api === undefined
    ? configBySsh(context.world.machine(entry.machine), context.signal)
    : configByApi(entry.machine, entry.api, context);

/** @throws Fault `archive-incomplete` where it is not whole, or is of another configuration than the firewall has */
export async function fetchArchive(taking: Taking, context: StepContext): Promise<Fetched> {
  const { entry, place, out, tree, takenAt } = taking;
  const { machine } = place;
  const { signal, progress } = context;
  const firewall = context.world.machine(entry.machine);
  // Packed, and unpacked once to prove it.
  await checkRoom(machine.files, out, (await bytesToArchive(firewall, signal)) * 2);
  const path = join(out, partNames.archive);
  const { stdout, ended } = firewall.stream(archiveArgv, { signal });
  const watched = async function* () {
    let done = 0;
    for await (const piece of stdout) {
      done += piece.length;
      progress({ done, unit: 'bytes', what: `receiving ${partNames.archive}` });
      yield piece;
    }
  };
  const part = await writtenPart(machine, path, watched());
  const end = await ended;
  const tested = await machine.run(['gzip', '--test', '--', path], { signal });
  if (tested.exitCode !== 0) throw notWhole(entry.machine, `${lastWords(tested)}; on the firewall: ${lastWords(end)}`);
  const shape: Shape = { archive: partNames.archive, files: [], made: madeFolders };
  const source = () => machine.files.source(path, { signal });
  await layOut({ machine, tree, shape, takenAt, source, target: tree }, context);
  const facts = await compareConfig(taking, join(tree, 'cf/conf/config.xml'), context);
  // What tar could not read there, it says, and goes on.
  const degraded = end.exitCode === 0 ? [] : [`the archive is whole, but tar on the firewall said: ${lastWords(end)}`];
  return { parts: [part], shape, facts, degraded };
}

const madeFolders = [
  '',
  ...archived.filter((path) => path.includes('/')).map((path) => path.slice(0, path.indexOf('/'))),
];

/** Somebody may have saved a change between the two: the firewall is asked again before it is called wrong. */
async function compareConfig(taking: Taking, path: string, context: StepContext): Promise<ConfigFacts> {
  const { machine } = taking.place;
  const content = await machine.files.read(path, 64 * 1024 * 1024);
  if (content === undefined) throw notWhole(taking.entry.machine, 'it has no cf/conf/config.xml');
  const facts = await readConfig(content, `${taking.entry.machine}, in the archive`);
  const now = await configOf(taking, context);
  if (now.equals(content)) return facts;
  const { revision } = await readConfig(now, taking.entry.machine);
  if (revision > facts.revision) return facts;
  throw notWhole(
    taking.entry.machine,
    `its cf/conf/config.xml is not the one of the firewall, and no later change of it explains that`,
  );
}

const notWhole = (where: string, says: string): Fault =>
  new Fault('archive-incomplete', {
    where,
    says: `the archive that came is not whole: ${says}`,
    remedy:
      'see the connection to the firewall and its free memory; the last good archive is still there, and it is tried again in the next run',
  });

export const unlistable = (words: string): Fault => notWhole('what was unpacked', words);
