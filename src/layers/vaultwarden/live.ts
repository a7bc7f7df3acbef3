// What every step of a restore in place works with.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Ref } from '../../values/ref.ts';
import { givenOf } from '../common/given.ts';
import { dataFolder } from '../common/in-place/data-folder.ts';
import { observeChosen } from '../common/points/expects.ts';
import { inPlace } from '../common/service/service.ts';
import type { Answers, Serving } from '../common/service/steps.ts';
import { type LiveGiven, liveGiven } from './given.ts';
import { holdersOf } from './holders.ts';

export const givenIn = (context: StepContext): LiveGiven => givenOf(liveGiven, context.step);

export const folderIn = ({ entry }: LiveGiven, { world, run }: StepContext) =>
  dataFolder(world.machine(entry.machine), entry.data, run);

export const observePoint = (context: StepContext, subject: Ref) => observeChosen(context, givenIn(context), subject);

/**
 * @param unseen what is taken for its answer where nobody here could see it before: what it does to the database is asked later
 */
export const servingIn =
  (unseen: Answers) =>
  async (context: StepContext): Promise<Serving> => {
    const { entry, seen } = givenIn(context);
    const { service, data } = inPlace(entry);
    const machine = context.world.machine(entry.machine);
    const answers = async (): Promise<Answers> => {
      const holders = await holdersOf(machine, data, context.signal);
      return holders.length > 0 ? 'yes' : seen ? 'no' : unseen;
    };
    // That it was stopped beforehand cannot be told from that nobody here sees it.
    return { machine: context.world.machine(entry.service_on ?? entry.machine), service, ran: true, answers };
  };
