// `npm run proof:offsite [-- --full] [-- --only PART]`: files, the change journal and what goes offsite, as a user types it, to a NAS
// in a network of its own and from a machine in QEMU. Two lanes run side by side: one keeps a processor busy with that machine. `--full` adds
// every case of the tests that take long.
import { proveFiles } from './offsite/files.ts';
import { proveJudgement } from './offsite/judgement.ts';
import { proveKills } from './offsite/kills.ts';
import { proveLongTests } from './offsite/long-tests.ts';
import { proveMirror } from './offsite/mirror.ts';
import { proveOffsite } from './offsite/offsite.ts';
import { proveRoutes } from './offsite/routes.ts';
import { proveTrack } from './offsite/track.ts';
import { proveVolumes } from './offsite/volumes.ts';
import { type Parts, proveParts } from './parts.ts';

const lanes: readonly Parts[] = [
  { volumes: proveVolumes, files: proveFiles, judgement: proveJudgement, routes: proveRoutes, track: proveTrack },
  { offsite: proveOffsite, mirror: proveMirror, kills: proveKills },
];

await proveParts('proof:offsite', lanes, { tests: proveLongTests });
