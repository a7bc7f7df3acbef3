// 3.2: what an operator runs.
import type { Homelab } from '../../test/e2e/homelab.test-support.ts';
import { customOwner } from '../../test/pve-machine/kubectl/cluster.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { authorities, picture } from './swap-look.ts';

/** What an operator runs, its operator would scale up again in the middle: it says so, and touches nothing. */
export async function proveOperator(report: Report, home: Homelab): Promise<void> {
  const { estate, cluster } = home;
  cluster.scale('StatefulSet', 'media', 'jellyfin', 0);
  for (let tries = 0; cluster.items('pods').length > 0 && tries < 5; tries += 1) cluster.tick();
  cluster.take('statefulsets', 'media', 'jellyfin');
  const owner = customOwner('Cluster', 'jellyfin');
  cluster.statefulSet({ namespace: 'media', name: 'jellyfin', replicas: 1, claims: ['jellyfin'], owner });
  cluster.tick();
  const before = await picture(home);
  const asked = cluster.audit().length;
  const tried = await estate.type('restore', 'media/jellyfin', '--to', 'live', '--yes');
  const verbs = ['scale', 'patch', 'delete', 'apply', 'edit', 'replace'];
  const wrote = cluster
    .audit()
    .slice(asked)
    .filter(({ argv }) => argv.some((word) => verbs.includes(word)));
  report.row(
    '3.2 what an operator runs is refused, with the operator’s name, and nothing is touched',
    tried.command,
    `${authorities}; the cluster’s audit log`,
    holds(
      {
        'exit code 1': tried.status === 1,
        'its fault':
          /workload-of-operator/.test(tried.stdout + tried.stderr) &&
          /Cluster media\/jellyfin/.test(tried.stdout + tried.stderr),
        'as before': (await picture(home)) === before,
        'nothing was asked to change': wrote.length === 0,
      },
      `${tried.stdout}${tried.stderr}`.slice(-900),
    ),
  );
}
