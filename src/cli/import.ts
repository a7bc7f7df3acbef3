// `import`: writes down what runs, so that it is declared from then on. Nothing on any server is touched.
import { dirname, resolve } from 'node:path';
import { realPath } from '../estate/real-path.ts';
import { Fault } from '../fault.ts';
import { takeOver } from '../holdfast.ts';
import { importEstate } from '../import-estate.ts';
import { localMachine } from '../machines/local.ts';
import { count, shown } from '../values/text.ts';
import type { ImportAnswer } from './answers.ts';
import { type Command, flag, type Invocation, optionText } from './command.ts';
import { estatePath, misused, openToWrite } from './open.ts';

export const importCommand: Command<ImportAnswer> = {
  name: 'import',
  says: 'write an estate of what runs on the servers now',
  run: async (invocation) => {
    const out = optionText(invocation, 'out');
    if (out === undefined)
      throw misused('import', 'it needs the name of the file to write', 'say `holdfast import --out estate.yaml`');
    const { holdfast, estate } = await openToWrite(invocation);
    const file = resolve(invocation.surroundings.folder, out);
    await refuseToOverwrite(invocation, file);
    invocation.show('reading everything that the servers hold');
    const { name, text, everything, unseen, written, wouldChange, subjects } = await importEstate(
      holdfast,
      estate,
      file,
    );
    await filesHere(invocation).write(file, text, 0o644);
    takeOver(holdfast, name, subjects);
    const differing = [...wouldChange.steps.map(({ title }) => title), ...wouldChange.refusals.map(refusalText)].filter(
      (one) => one !== '',
    );
    const some = Object.entries(written).filter(([, number]) => number > 0);
    const lines = [
      `Written to ${out}: ${some.map(([kind, number]) => `${number} ${kind}`).join(', ') || 'nothing but the way to the servers'}.`,
      ...everything.unread.map(
        ({ resource, server, fault }) =>
          `${invocation.paint.warning('left out')}  ${resource.title}s of ${server}: ${shown(fault.says)}`,
      ),
      ...unseen.map(
        ({ server, what, login, privilege, path, remedy }) =>
          `${invocation.paint.warning('perhaps more')}  ${what} of ${server}: ${login} has no ${privilege} on ${path}, and what it may not see is in no list\n  do this: ${remedy}`,
      ),
      ...differing.map((one) => `${invocation.paint.bad('not the same')}  ${shown(one)}`),
      differing.length === 0
        ? `Planning it changes nothing; look at it with \`holdfast --estate ${out} plan\`.`
        : `${count(differing.length, 'thing')} cannot be written so that planning changes nothing; look at them before you apply.`,
    ];
    return {
      exit: everything.unread.length > 0 || differing.length > 0 ? 'partly' : 'fine',
      value: {
        file,
        written,
        unread: everything.unread.map(({ resource, server, fault }) => ({ kind: resource.name, server, fault })),
        unseen,
        wouldChange: wouldChange.steps.map(({ title }) => title),
      },
      text: `${lines.join('\n')}\n`,
    };
  },
};

const refusalText = ({ subject, says, unread }: { subject: string; says: string; unread?: string }): string =>
  unread === undefined ? `${subject}: ${says}` : '';

const filesHere = ({ surroundings: { clock } }: Invocation) => localMachine({ name: 'this machine', clock }).files;

async function refuseToOverwrite(invocation: Invocation, file: string): Promise<void> {
  const files = filesHere(invocation);
  if ((await files.info(dirname(file)))?.type !== 'folder')
    throw misused('--out', `there is no folder ${dirname(file)}`, 'make it first, or name another file');
  await refuseToDouble(invocation, file);
  if ((await files.info(file)) === undefined || flag(invocation, 'overwrite')) return;
  throw new Fault('import-file-exists', {
    where: file,
    says: 'there is a file of that name, and it may be the only one of its kind',
    remedy: 'name another file with --out, or say --overwrite',
    exit: 'misused',
  });
}

/** Where the estate is a folder, all that lies in it is the estate: everything would be declared twice. */
async function refuseToDouble(invocation: Invocation, file: string): Promise<void> {
  const files = filesHere(invocation);
  const folder = await realPath(estatePath(invocation), files);
  if (folder === undefined || (await files.info(folder))?.type !== 'folder') return;
  if ((await realPath(dirname(file), files)) !== folder || !/\.ya?ml$/.test(file)) return;
  throw misused(
    '--out',
    `${dirname(file)} is the estate that is imported with, and a file in it would be part of it: each server would stand there twice`,
    'name a file in another folder',
  );
}
