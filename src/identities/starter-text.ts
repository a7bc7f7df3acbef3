// The first estate file: what a host knows of itself, and as comments what comes next.
import { identitiesOf, type Product, tokenOf } from './wanted.ts';

export type Here = Readonly<{ product: Product; host: string; fingerprint: string | undefined }>;

const ports = { pve: 8006, pbs: 8007 } as const satisfies Record<Product, number>;

/** @param fileFor the absolute name of the file with an identity's secret */
export function starterText(
  estate: string,
  servers: readonly Here[],
  fileFor: (product: Product, identity: string) => string,
): string {
  const of = (product: Product): string => {
    const here = servers.filter((one) => one.product === product);
    return here.length === 0 ? '' : `\n${product}:\n${here.map((one) => server(one, fileFor)).join('')}`;
  };
  const head = [
    '# What must survive, and how. Every key is explained in docs/reference/estate.md; `holdfast validate` checks this file.',
    `estate: ${estate}`,
    'time_zone: UTC',
    '',
  ];
  return `${head.join('\n')}${of('pve')}${of('pbs')}${next}`;
}

function server({ product, host, fingerprint }: Here, fileFor: (product: Product, identity: string) => string): string {
  const identities = Object.keys(identitiesOf(product)).filter((identity) => identity !== 'storage');
  const lines = [
    `  - name: ${host}`,
    `    url: https://${host}:${ports[product]}   # a name or address that this machine reaches it by`,
    fingerprint === undefined
      ? `    # fingerprint: "..."   # \`holdfast trust ${host}:${ports[product]}\` shows it and writes it here`
      : `    fingerprint: "${fingerprint}"`,
    '    identities:',
    ...identities.map(
      (identity) =>
        `      ${identity}: { id: "${tokenOf(product, identity)}", secret: { file: ${fileFor(product, identity)} } }`,
    ),
  ];
  if (product === 'pbs')
    lines.push(
      '    # The login that Proxmox VE writes its backups with; a storage entry names it:',
      `    #   username: "${tokenOf('pbs', 'storage')}"`,
      `    #   password: { file: ${fileFor('pbs', 'storage')} }`,
    );
  return `${lines.join('\n')}\n`;
}

const next = `
# What runs already is written down by: holdfast import --out estate.yaml
#
# pbs_storages:
#   - name: pbs-home
#     server: pbs.home.example
#     datastore: tank
#     username: holdfast-storage@pbs!holdfast
#     password: { file: /etc/holdfast/pbs-storage.token }
#     fingerprint: "..."
#     prune_backups: { keep_all: 1 }   # the PBS prunes
#
# backup_jobs:
#   - { name: nightly, schedule: "02:00", select: all, storage: pbs-home }
`;

/** Without a host to ask: everything as comments. */
export const emptyStarter = (estate: string): string =>
  `${starterText(estate, [], () => '').replace(next, '')}
# pve:
#   - name: ruapehu
#     url: https://10.10.0.10:8006
#     fingerprint: "..."               # holdfast trust 10.10.0.10:8006
#     token: { id: "holdfast@pve!ops", secret: { file: ruapehu.token } }   # mode 0600, the bare secret alone in it
#
# pbs:
#   - name: pbs-home
#     url: https://10.10.0.151:8007
#     fingerprint: "..."
#     token: { id: "holdfast@pbs!ops", secret: { file: pbs-home.token } }
#     datastores:
#       - name: tank
#         gc: daily
#         prune: { schedule: "03:30", keep_daily: 7, keep_weekly: 4, keep_monthly: 6 }
#         verify: { schedule: "sat 18:15", again_after: 30d }
${next}`;
