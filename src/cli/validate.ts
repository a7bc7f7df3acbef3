// `validate`: the estate file, then every server and storage it names, from here and from the nodes. With `--offline` the file
// alone: nothing is contacted, no secret is opened.
import { Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { isFailed, type Looked, type Validation } from '../validate/check.ts';
import { validateEstate } from '../validate-estate.ts';
import { count } from '../values/text.ts';
import type { ValidateAnswer } from './answers.ts';
import { type Answer, type Command, flag, type Invocation } from './command.ts';
import { estatePath, open, withPve } from './open.ts';
import { validationAsText } from './validation-text.ts';

export const validate: Command<ValidateAnswer> = {
  name: 'validate',
  says: 'check the estate, its servers and its storages',
  run: (invocation) => (flag(invocation, 'offline') ? offline(invocation) : online(invocation)),
};

async function offline(invocation: Invocation): Promise<Answer<ValidateAnswer>> {
  const [{ readEstateFile }, { readGuardFile }] = await Promise.all([
    import('../estate-file.ts'),
    import('../guard-file.ts'),
  ]);
  const guard = await readGuardFile(invocation.surroundings, invocation.given.guard);
  const estate = await readEstateFile(invocation.surroundings, estatePath(invocation), guard);
  const answer = fileAnswer(estate);
  return { exit: 'fine', value: { valid: true, ...answer }, text: textOf(invocation, estate, answer.declared) };
}

const exposed =
  'warning: --scan has PVE try what is not created yet: the secret of each such storage stands in the query string of a call to the node, and so in its access log (/var/log/pveproxy/access.log); give the token a new secret afterwards';

async function online(invocation: Invocation): Promise<Answer<ValidateAnswer>> {
  const { holdfast, estate: read } = await open(invocation);
  const estate = withPveWhereThere(invocation, read);
  const scan = flag(invocation, 'scan');
  if (scan) invocation.say(exposed);
  invocation.show('looking at the servers, from here and from the nodes');
  const looked = await validateEstate(holdfast, estate, { scan });
  const all = [...looked.storages, ...looked.servers];
  const failed = all.filter(isFailed);
  return {
    exit: failed.length === 0 ? 'fine' : 'failed',
    value: { valid: failed.length === 0, ...fileAnswer(estate), looked },
    text: `${validationAsText(invocation, looked, flag(invocation, 'verbose'))}${summary(estate, looked)}`,
  };
}

/** Without a PVE server there is still everything that can be seen from here. */
function withPveWhereThere(invocation: Invocation, estate: Estate): Estate {
  try {
    return withPve(invocation, estate);
  } catch (error) {
    if (error instanceof Fault && error.code === 'pve-unknown') return estate;
    throw error;
  }
}

function summary({ file }: Estate, { storages, servers }: Validation): string {
  const all = storages.length + servers.length;
  if (all === 0) return `${file} is valid; it names no server and no storage.\n`;
  const things = `${count(storages.length, 'storage')} and ${count(servers.length, 'server')}`;
  const failed = [failedOf(storages, 'storage'), failedOf(servers, 'server')].filter((text) => text !== '');
  return failed.length === 0
    ? `\n${file} is valid: ${things} are as declared.\n`
    : `\n${file} is written as it should be; ${failed.join(' and ')} failed.\n`;
}

/** `1 of 3 storages`; nothing where none failed. */
function failedOf(all: readonly Looked[], word: string): string {
  const failed = all.filter(isFailed).length;
  return failed === 0 ? '' : `${failed} of ${count(all.length, word)}`;
}

const fileAnswer = (estate: Estate) => ({
  estate: estate.name,
  file: estate.file,
  digest: estate.digest,
  declared: countsOf(estate),
});

function countsOf(estate: Estate): Readonly<Record<string, number>> {
  const { pve, pbs, machines, layers, workloads, sections } = estate;
  const own = Object.entries(sections).flatMap(([name, part]) => (Array.isArray(part) ? [[name, part.length]] : []));
  const all = { pve: pve.length, pbs: pbs.length, machines: machines.length, layers: layers.length };
  return { ...all, workloads: workloads.length, ...Object.fromEntries(own) };
}

function textOf(invocation: Invocation, estate: Estate, declared: Readonly<Record<string, number>>): string {
  const some = Object.entries(declared).filter(([, number]) => number > 0);
  const what = some.map(([name, number]) => `${number} in ${name}`).join(', ');
  const checked = flag(invocation, 'verbose')
    ? 'Checked: syntax, every field, names, references, fingerprints, schedules, retention, secrets (by reference, never opened), destinations.\nNot checked: anything on the network.\n'
    : '';
  return `${estate.file} is valid: ${what === '' ? count(0, 'declaration') : what}.\n${checked}`;
}
