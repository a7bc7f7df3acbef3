// A datastore on another host's disks: PBS writes there as `backup` (uid and gid 34), and what a NAS hands out mostly belongs to
// root. Said before the first backup fails with "os error 13" (mission row 2.2).
import type { Consequence, Look } from '../contracts/consequence.ts';
import type { Step } from '../model/step.ts';
import { kindOf, partsOf } from '../values/ref.ts';

export const datastoreOwner: Consequence = {
  name: 'datastore-owner',
  asks: () => [],
  judge: (look) => ({
    means: look.steps
      .filter(({ subject, act }) => act === 'create' && kindOf(subject) === 'pbs-datastore')
      .flatMap((step) => ownerOf(look, step)),
  }),
};

function ownerOf({ estate }: Look, step: Step) {
  const [server = '', name = ''] = partsOf(step.subject);
  const pbs = estate.pbs.find((one) => one.name === server);
  const datastore = pbs?.datastores.find((one) => one.name === name);
  const host = datastore?.stored_on;
  if (host === undefined || host === server) return [];
  const path = typeof datastore?.['path'] === 'string' ? datastore['path'] : 'its folder';
  const says = `${path} lies on ${host}: PBS writes there as backup, uid 34 and gid 34, and not as root. If it belongs to another, every backup ends with "Permission denied (os error 13)"; on ${host} say \`chown -R 34:34\` on that dataset, or map everybody to 34 in the export (TrueNAS: Mapall)`;
  return [{ step: step.id, says }];
}
