// Other PBS servers that a PBS logs in to. Facts: pbs-api section 6.
import { entriesAt } from '../../proxmox/config-entries.ts';
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
      refuse: (declared, found) => withoutSecret(declared, found, login),
    }),
    'auth_id',
  ),
);

const login = { key: 'password', parameter: 'password', of: 'auth_id', what: 'a remote' } as const;
