// Every call that the PBS serves, by its name in the contract.
import { access } from './access.ts';
import { content } from './content.ts';
import { datastores } from './datastores.ts';
import { answerWith, type PbsHandlers } from './host.ts';
import { pruneCalls } from './prune-calls.ts';
import { pruneJobs } from './prune-jobs.ts';
import { taskCalls } from './task-calls.ts';

const basics: PbsHandlers = {
  'GET /ping': () => answerWith({ pong: true }),
  'GET /version': ({ state }) => {
    const [major, minor, release] = state.version.split('.');
    return answerWith({ version: `${major}.${minor}`, release, repoid: 'a9c1d2b0e64f6f40' });
  },
};

export const handlers: PbsHandlers = {
  ...basics,
  ...access,
  ...datastores,
  ...content,
  ...pruneCalls,
  ...pruneJobs,
  ...taskCalls,
};
