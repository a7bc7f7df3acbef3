// Every call that the PBS serves, by its name in the contract.
import { access } from './access.ts';
import { collection } from './collection.ts';
import { configCalls } from './config-calls.ts';
import { content } from './content.ts';
import { datastoreConfig } from './datastore-config.ts';
import { datastores } from './datastores.ts';
import { encryptionKeys } from './encryption-keys.ts';
import { answerWith, type PbsHandlers } from './host.ts';
import { mounts } from './mounts.ts';
import { namespaces } from './namespaces.ts';
import { node } from './node.ts';
import { notificationCalls } from './notification-calls.ts';
import { pruneCalls } from './prune-calls.ts';
import { snapshotCalls } from './snapshot-calls.ts';
import { syncCalls } from './sync-calls.ts';
import { taskCalls } from './task-calls.ts';
import { verifyCalls } from './verify-calls.ts';

const basics: PbsHandlers = {
  'GET /ping': () => answerWith({ pong: true }),
  'GET /version': ({ state }) => {
    const [major, minor, release] = state.version.split('.');
    return answerWith({ version: `${major}.${minor}`, release, repoid: 'a9c1d2b0e64f6f40' });
  },
};

export const handlers: PbsHandlers = {
  ...basics,
  ...node,
  ...access,
  ...datastoreConfig,
  ...datastores,
  ...mounts,
  ...namespaces,
  ...content,
  ...snapshotCalls,
  ...collection,
  ...pruneCalls,
  ...verifyCalls,
  ...syncCalls,
  ...configCalls,
  ...encryptionKeys,
  ...notificationCalls,
  ...taskCalls,
};
