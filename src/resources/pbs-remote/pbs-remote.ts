// Other PBS servers that a PBS logs in to. Facts: pbs-api section 6.
import type { Declared } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import { same } from '../common/compare.ts';
import { configResource, type FieldTable } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { fingerprint, flag, number, text, unlessStandard } from '../common/field.ts';
import { pbsList } from '../common/list-section.ts';
import { withLogin, withoutSecret } from '../common/write-only.ts';
import { type RemoteEntry, remotes } from './pbs-remote-schema.ts';

const fields: FieldTable = {
  host: text('host'),
  port: unlessStandard(number('port', 8007)),
  auth_id: text('auth-id'),
  fingerprint: fingerprint(),
  comment: text('comment'),
  use_node_proxy: flag('use-node-proxy'),
};

export const pbsRemote = defineResource(
  withLogin(
    configResource({
      name: 'pbs-remote',
      title: 'remote',
      product: 'pbs',
      section: pbsList<RemoteEntry>({
        key: 'remotes',
        schema: remotes,
        fields,
        more: ({ password }) => (password === undefined ? {} : { secrets: { password } }),
      }),
      entries: entriesAt({ file: 'remote.cfg', what: 'remotes', folder: 'config/remote', id: 'name' }),
      fields,
      path: 'pbs[].remotes[]',
      refuse: (declared, found) => withoutSecret(declared, found, login) ?? refuseElsewhere(declared, found),
    }),
    'auth_id',
  ),
);

const login = { key: 'password', parameter: 'password', of: 'auth_id', what: 'a remote' } as const;

/** The password that PBS holds would go to that host, unless the certificate says that it is the same PBS. */
function refuseElsewhere(declared: Declared, found: Found | undefined) {
  const pin = found?.value['fingerprint'];
  const isSamePbs = pin !== '' && same(pin, declared.item['fingerprint']);
  return isSamePbs ? undefined : withoutSecret(declared, found, { ...login, of: 'host' });
}
