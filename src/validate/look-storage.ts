// A storage entry, looked at from here with its own login, as PVE will use it.
import { asFault } from '../fault.ts';
import { type ProxmoxApi, path } from '../proxmox/api.ts';
import { rows, text } from '../proxmox/decode.ts';
import { privilegesOn } from '../proxmox/permissions.ts';
import { isNotFound, lacksPermission } from '../proxmox/refusal.ts';
import { ref } from '../values/ref.ts';
import { audienceOf, type Ports, patience, type StorageAsked } from './asked.ts';
import { type Check, type Looked, verdictOf } from './check.ts';
import { failed } from './judge-login.ts';
import { lookAtPrivileges } from './look-login.ts';
import { lookAtWay } from './look-way.ts';
import { loginOf, notYet, withRightsMade } from './made-by-apply.ts';

const options = { timeout: patience } as const;

/** @param fromNodes what the PVE nodes say of it */
export async function lookAtStorage(
  storage: StorageAsked,
  ports: Ports,
  fromNodes: () => Promise<readonly Check[]>,
): Promise<Looked> {
  const { name, way, leadsTo } = storage;
  const base = {
    ...(leadsTo === undefined ? {} : { leadsTo }),
    kind: 'storage',
    product: 'pve',
    subject: ref('pve-storage', name),
    name,
    on: storage.on,
    address: audienceOf(way),
  } as const;
  if (!storage.enabled) return { ...base, verdict: 'disabled', checks: [switchedOff] };
  const [here, there] = await Promise.all([fromHere(storage, ports), fromNodes()]);
  const checks = [...here, ...there];
  return { ...base, verdict: verdictOf(checks), checks };
}

const switchedOff: Check = {
  check: 'node',
  state: 'skipped',
  seen: 'it is disabled in the estate (`enabled: false`): nothing was contacted for it',
};

async function fromHere(storage: StorageAsked, ports: Ports): Promise<readonly Check[]> {
  const way = await lookAtWay(storage.way, storage.name, ports);
  return way.trusted ? [...way.checks, ...(await withLogin(storage, ports))] : way.checks;
}

async function withLogin(storage: StorageAsked, ports: Ports): Promise<readonly Check[]> {
  const { username, secret, way } = storage;
  if (secret === undefined)
    return [
      {
        check: 'login',
        state: 'skipped',
        seen: `the estate does not say where the password of ${username} is, so it was not tried; PVE has its own copy`,
      },
    ];
  const url = `https://${audienceOf(way)}`;
  try {
    await using api = await ports.open({ product: 'pbs', name: storage.name, url, way }, { id: username, secret });
    const stores = rows(api, 'datastores', (await api.get(path`/admin/datastore`, {}, options)).data);
    const isThere = stores.some((row) => text(row['store']) === storage.datastore);
    const letIn: Check = { check: 'login', state: 'good', seen: `${username} is let in` };
    if (!isThere) return [letIn, await notSeen(api, storage)];
    const there: Check = {
      check: 'datastore',
      state: 'good',
      seen: `${username} sees the datastore ${storage.datastore}`,
    };
    return [letIn, there, ...(await namespaceIn(api, storage)), ...(await privilegesOf(api, storage))];
  } catch (error) {
    const fault = asFault(error, storage.name);
    // The guard may keep this secret for the PVE hosts, which is where it is needed.
    if (fault.code === 'secret-refused')
      return [
        {
          check: 'login',
          state: 'skipped',
          seen: `it was not tried from here, since the guard file forbids it: ${fault.says}`,
        },
      ];
    return [loginOf(storage, fault)];
  }
}

/** There is none, or the login has no right on it: told apart by what it may do. */
async function notSeen(api: ProxmoxApi, storage: StorageAsked): Promise<Check> {
  const { datastore, namespace, username, made } = storage;
  const place = `/datastore/${datastore}${namespace === '' ? '' : `/${namespace}`}`;
  const held = await privilegesOn(api, place, options);
  if (held.size > 0 && made.datastore) return notYet('datastore', `there is no datastore ${datastore} yet`);
  if (held.size === 0 && made.may(place).size > 0)
    return notYet('datastore', `${username} has no right on ${place} yet`);
  return hidden(storage);
}

const hidden = ({ username, datastore, namespace }: StorageAsked): Check => ({
  check: 'datastore',
  state: 'wrong',
  seen: `${username} does not see a datastore ${datastore}: there is none, or it has no right on it`,
  remedy: `correct the name, or give the login and its user a role there: ${[...new Set([username.split('!')[0], username])].map((one) => `proxmox-backup-manager acl update /datastore/${datastore}${namespace === '' ? '' : `/${namespace}`} DatastoreBackup --auth-id '${one}'`).join(' && ')}`,
});

async function namespaceIn(
  api: ProxmoxApi,
  { datastore, namespace, username, made }: StorageAsked,
): Promise<readonly Check[]> {
  if (namespace === '') return [];
  try {
    const { data } = await api.get(path`/admin/datastore/${datastore}/namespace`, {}, options);
    if (rows(api, 'namespaces', data).some((row) => (text(row['ns']) ?? '') === namespace))
      return [{ check: 'namespace', state: 'good', seen: `the namespace ${namespace} is there` }];
    if (made.namespace) return [notYet('namespace', `there is no namespace ${namespace} in ${datastore} yet`)];
    return [
      {
        check: 'namespace',
        state: 'wrong',
        seen: `${username} does not see a namespace ${namespace} in ${datastore}; PVE does not check it, and each backup would fail`,
        remedy: 'make it, or correct `namespace`; where it is there, the login needs a role on it',
      },
    ];
  } catch (error) {
    if (!lacksPermission(error) && !isNotFound(error)) return [failed('namespace', asFault(error, datastore))];
    return [{ check: 'namespace', state: 'skipped', seen: `${username} may not list namespaces of ${datastore}` }];
  }
}

async function privilegesOf(api: ProxmoxApi, storage: StorageAsked): Promise<readonly Check[]> {
  const { username, beside } = storage;
  const asking = {
    product: 'pbs',
    login: username,
    holders: ['storage'],
    things: [backupTo(storage)],
    beside,
  } as const;
  return (await lookAtPrivileges(api, asking)).map((check) => withRightsMade(storage, check));
}

export const backupTo = ({
  datastore,
  namespace,
  prunes,
}: Pick<StorageAsked, 'datastore' | 'namespace' | 'prunes'>) => ({
  kind: 'backup',
  fields: { datastore, namespace, prunes },
});
