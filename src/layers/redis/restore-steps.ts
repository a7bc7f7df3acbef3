// The steps of a restore in place as data: what each of them says to whoever agrees to it. Pure.

import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { chained, type Said } from '../common/dumps/restore-chain.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { asGiven } from '../common/given.ts';
import { inPlace, serviceName } from '../common/service/service.ts';
import { redisItem } from './dumps.ts';
import type { RestoreGiven } from './restore-given.ts';
import type { Scouted } from './scout.ts';

export function restoreSteps(
  given: RestoreGiven,
  server: Scouted,
  { point: { manifest }, keepOld = false }: RestoreWish,
  { timeZone, now }: LayerContext,
): Readonly<{ steps: readonly Step[]; notes: readonly Note[] }> {
  const { entry, names, ran, reads } = given;
  const { service, data } = inPlace(entry);
  const called = serviceName(service);
  const swap = asGiven({ machine: entry.machine, data, names: Object.values(names), keep_old: keepOld });
  const version = `Redis ${server.version ?? ''}`;
  const said: readonly Said[] = [
    stageStep(given, data),
    ...(ran && !keepOld
      ? [
          {
            ...{ id: 'safety', kind: 'redis.safety', risk: 'adds' as const },
            title: `dump what the server holds now (${count(server.keys, 'key')}) into a restore point of its own, held against retention`,
            because: ['a restore can be a mistake, too'],
            given: asGiven({ entry, timeZone, planned: now, items: [redisItem], server: { version } }),
          },
        ]
      : []),
    ...(ran && reads === 'dump'
      ? [
          {
            ...{ id: 'save', kind: 'redis.save', risk: 'changes' as const },
            title: 'have the server save what it holds to its own disk',
            because: ['it keeps no log of commands: leading back must lose nothing'],
          },
        ]
      : []),
    {
      ...{ id: 'stop', kind: 'redis.stop', risk: 'interrupts' },
      title: `stop ${shown(called)}`,
      because: ['a server that runs would write what it holds over the dump'],
      means: [`nobody can use it until it has loaded the dump; connected now: ${count(server.clients, 'client')}`],
    },
    {
      ...{ id: 'swap', kind: 'data.swap', risk: 'changes', given: swap },
      title: `put the dump in the place of what is in ${shown(data)}`,
      because: ['by renames within that folder; what was there stays until the server runs on the new'],
    },
    {
      ...{ id: 'start', kind: 'redis.start', risk: 'changes' },
      title: `start ${shown(called)}`,
      because: ['it loads the dump'],
    },
    {
      ...{ id: 'compare', kind: 'redis.compare', risk: 'none' },
      ...comparing(given.taken),
    },
    settleStep(data, keepOld, ran, swap),
  ];
  return { steps: chained(said, given, manifest), notes: notesOn(given, server) };
}

const comparing = ({ counts: { keys } }: Taken): Pick<Said, 'title' | 'because'> =>
  keys === undefined
    ? {
        title: 'see that it answers: how many keys it should have nobody has counted',
        because: ['whoever took the dump could not count'],
      }
    : {
        title: `compare the keys that it has loaded with those of the dump (${count(keys, 'key')})`,
        because: ['a server that does not like what it reads may start empty'],
      };

const stageStep = ({ taken }: RestoreGiven, data: string): Said => ({
  ...{ id: 'stage', kind: 'redis.stage', risk: 'adds' },
  title: `lay the dump (${formatSize(bytes(taken.bytes))}) beside what is in ${shown(data)}`,
  because: ['a dump that is not whole interrupts nobody'],
});

const settleStep = (data: string, keepOld: boolean, ran: boolean, given: Step['given']): Said => ({
  ...{ id: 'settle', kind: 'data.settle', risk: keepOld ? 'changes' : 'destroys', wayBack: 'one-way', given },
  title: keepOld
    ? `leave what was there in ${shown(data)}/before-RUN`
    : `remove what was in ${shown(data)} before${ran ? '; it stays in the restore point that was taken first' : ''}`,
  because: ['the server runs on the new, and its keys were counted'],
});

function notesOn({ entry, reads }: RestoreGiven, { down, replicas }: Scouted): readonly Note[] {
  const subject = ref('layer', entry.name);
  const notes: Note[] = [];
  if (down !== null) notes.push({ subject, level: 'warning', says: `the server does not run now: ${down}` });
  if (replicas > 0)
    notes.push({
      subject,
      level: 'warning',
      says: `${count(replicas, 'replica')} will take what is restored, and lose what is there`,
    });
  if (reads !== 'dump')
    notes.push({
      subject,
      level: 'info',
      says: 'the server reads its log of commands (`appendonly yes`): it is made anew from the dump',
    });
  return notes;
}
