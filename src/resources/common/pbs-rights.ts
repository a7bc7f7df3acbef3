// The ACL of a PBS as calls: one list, and one call that gives or takes one role at one place (facts: pbs-api section 7).
import { type ProxmoxApi, path } from '../../proxmox/api.ts';
import { oneAtATime } from '../../proxmox/config-file.ts';
import { flagUnlessOff, name, rows } from '../../proxmox/decode.ts';
import type { Listed } from '../../proxmox/pbs.ts';

/** `for`: who has the role; `path`: where */
export type Right = Readonly<{ path: string; role: string; for: string; propagate: boolean }>;

type Call = Readonly<{ signal?: AbortSignal | undefined; digest?: string | undefined }>;

const acl = path`/access/acl`;
const what = 'ACL entries';
/** Writes to it go one after the other. */
export const aclFile = 'acl.cfg';

export async function allRights(api: ProxmoxApi, { signal }: Call = {}): Promise<Listed<Right>> {
  const { data, digest } = await api.get(acl, {}, { signal });
  const entries = rows(api, what, data).map((raw) => ({
    path: name(api, what, raw, 'path'),
    role: name(api, what, raw, 'roleid'),
    for: name(api, what, raw, 'ugid'),
    propagate: flagUnlessOff(raw['propagate']),
  }));
  return { entries, digest };
}

export async function rightsOf(api: ProxmoxApi, auth: string, signal?: AbortSignal): Promise<readonly Right[]> {
  const { entries } = await allRights(api, { signal });
  return entries.filter((right) => right.for === auth);
}

export const setRight = (api: ProxmoxApi, right: Right, call: Call): Promise<void> => write(api, right, call, {});

export const takeRight = (api: ProxmoxApi, right: Right, call: Call): Promise<void> =>
  write(api, right, call, { delete: true });

const write = (
  api: ProxmoxApi,
  { path: at, role, for: auth, propagate }: Right,
  { signal, digest }: Call,
  more: Readonly<{ delete?: true }>,
): Promise<void> =>
  oneAtATime(api, aclFile, async () => {
    const bound = digest === undefined ? {} : { digest };
    await api.put(acl, { path: at, role, 'auth-id': auth, propagate, ...bound, ...more }, { signal });
  });
