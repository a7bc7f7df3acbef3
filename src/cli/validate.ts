// `validate --offline`: the file alone. Nothing is contacted, no secret is opened.
import type { Estate } from '../model/estate.ts';
import { count } from '../values/text.ts';
import type { ValidateAnswer } from './answers.ts';
import { type Command, flag, type Invocation } from './command.ts';
import { estatePath, misused } from './open.ts';

export const validate: Command<ValidateAnswer> = {
  name: 'validate',
  says: 'check the estate file',
  run: async (invocation) => {
    if (!flag(invocation, 'offline'))
      throw misused(
        'validate',
        'checking the servers themselves is not built yet; the file is checked without them',
        'say `holdfast validate --offline`; `holdfast plan` asks every server with its pinned certificate',
      );
    const [{ readEstateFile }, { readGuardFile }] = await Promise.all([
      import('../estate-file.ts'),
      import('../guard-file.ts'),
    ]);
    const guard = await readGuardFile(invocation.surroundings, invocation.given.guard);
    const estate = await readEstateFile(invocation.surroundings, estatePath(invocation), guard);
    const declared = countsOf(estate);
    return {
      exit: 'fine',
      value: { valid: true, estate: estate.name, file: estate.file, digest: estate.digest, declared },
      text: textOf(invocation, estate, declared),
    };
  },
};

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
