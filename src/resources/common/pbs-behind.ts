// Which PBS of the estate a storage entry leads to, and what must be in place there before PVE can log in: PVE connects when
// an entry is made (facts: pve-api section 2).
import type { Estate, PbsServer } from '../../model/estate.ts';
import { type Ref, ref } from '../../values/ref.ts';

type Leads = Readonly<{ server: string; port: number; fingerprint?: string | undefined }>;

/** By its address, or by the certificate that both pin. */
export function pbsBehind({ pbs }: Pick<Estate, 'pbs'>, { server, port, fingerprint }: Leads): PbsServer | undefined {
  const isThere = (one: PbsServer): boolean => {
    const url = URL.parse(one.url);
    return url !== null && hostOf(url) === server.toLowerCase() && (url.port || '443') === String(port);
  };
  return pbs.find(isThere) ?? pbs.find((one) => fingerprint !== undefined && one.fingerprint === fingerprint);
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();

type Login = Readonly<{ datastore: string; namespace: string; username: string }>;

export const loginOnPbs = ({ name }: PbsServer, { datastore, namespace, username }: Login): readonly Ref[] => [
  ref('pbs-datastore', name, datastore),
  ...(namespace === '' ? [] : [ref('pbs-namespace', name, `${datastore}/${namespace}`)]),
  ref('pbs-user', name, username.split('!')[0] ?? ''),
  ref('pbs-token', name, username),
  // Whichever of them gives the login its right.
  ref('pbs-acl', name),
];
