// What a login may not see is missing from lists without a word (facts: threat-model 3.1, "what it looks like"). Whether it may
// is asked apart, so that an import does not pass for the whole.
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import type { Connections } from '../model/estate.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import { privilegesOn } from '../proxmox/permissions.ts';
import { quoted } from '../values/shell.ts';

export type Unseen = Readonly<{
  server: string;
  /** as in a sentence: `remotes and sync jobs` */
  what: string;
  login: string;
  privilege: string;
  path: string;
  remedy: string;
}>;

type Sight = Readonly<{ path: string; privilege: string; what: string; role: string }>;

const sights = {
  pve: [{ path: '/storage', privilege: 'Datastore.Audit', what: 'storages', role: 'PVEAuditor' }],
  pbs: [
    { path: '/datastore', privilege: 'Datastore.Audit', what: 'datastores and their jobs', role: 'DatastoreAudit' },
    { path: '/remote', privilege: 'Remote.Audit', what: 'remotes and sync jobs', role: 'RemoteAudit' },
    { path: '/access/users', privilege: 'Sys.Audit', what: 'users and tokens', role: 'Audit' },
    { path: '/access/acl', privilege: 'Sys.Audit', what: 'rights', role: 'Audit' },
  ],
} as const satisfies Readonly<Record<'pve' | 'pbs', readonly Sight[]>>;

export async function unseenBy(
  world: World,
  { pve, pbs }: Pick<Connections, 'pve' | 'pbs'>,
  signal?: AbortSignal,
): Promise<readonly Unseen[]> {
  const found = await Promise.all(
    [...pve, ...pbs].map(async ({ name, product }) => {
      try {
        const api = await world.server(name, 'observe');
        const looked = await Promise.all(sights[product].map((sight) => unseen(api, sight, signal)));
        return looked.flat();
      } catch (error) {
        // A server that cannot be asked has already been said to be one.
        if (signal?.aborted || !(error instanceof Fault)) throw error;
        return [];
      }
    }),
  );
  return found.flat();
}

async function unseen(api: ProxmoxApi, sight: Sight, signal?: AbortSignal): Promise<readonly Unseen[]> {
  // Root through pvesh sees everything, and has no rights to be asked for.
  if (!api.identity.includes('@') || api.identity === 'root@pam') return [];
  if ((await privilegesOn(api, sight.path, { signal })).has(sight.privilege)) return [];
  const { identity: login, product } = api;
  const grant = (id: string): string =>
    product === 'pbs'
      ? `proxmox-backup-manager acl update ${sight.path} ${sight.role} --auth-id ${quoted(id)}`
      : `pveum acl modify ${sight.path} ${id.includes('!') ? '--tokens' : '--users'} ${quoted(id)} --roles ${sight.role}`;
  const [user = ''] = login.split('!');
  const remedy = `${[...new Set([user, login])].map(grant).join(' && ')}; then import again`;
  return [{ server: api.name, what: sight.what, login, privilege: sight.privilege, path: sight.path, remedy }];
}
