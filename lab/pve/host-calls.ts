// The machine itself: its services, its journal, its clock, its packages, and the defaults of its backups.
import { pveContract } from '../contract/contract.ts';
import { readJournal } from '../journal.ts';
import { answerWith, type PveHandlers, type PveHost, required, text } from './host.ts';
import { died } from './refusal.ts';
import { may, need } from './rights.ts';
import { entryOf, isDisabled } from './storage-file.ts';
import { unknownTo } from './versions.ts';

const services =
  pveContract.paths['/nodes/{node}/services/{service}/state']?.['GET']?.parameters['service']?.enum ?? [];

function serviceRow({ state }: PveHost, service: string): object {
  const running = !state.stoppedServices.includes(service);
  return {
    ...{ service, name: service, desc: `${service} (of the lab)`, state: running ? 'running' : 'dead' },
    ...{ 'active-state': running ? 'active' : 'inactive', 'unit-state': 'enabled' },
  };
}

/** Of the packages those that a backup depends on. */
const packages = (version: string): Readonly<Record<string, string>> => {
  const nine = Number(version.split('.')[0]) >= 9;
  return {
    'pve-manager': version,
    'proxmox-backup-client': nine ? '4.2.3-1' : '3.4.1-1',
    'proxmox-backup-file-restore': nine ? '4.2.3-1' : '3.4.1-1',
    'qemu-server': nine ? '9.2.6' : '8.4.0',
    'pve-container': nine ? '6.1.10' : '5.2.6',
    'libpve-storage-perl': nine ? '9.1.7' : '8.3.6',
    'pve-qemu-kvm': nine ? '10.1.2-1' : '9.2.0-5',
  };
};

const packageRow = ([name, version]: readonly [string, string]): object => ({
  ...{ Package: name, Title: name, Version: version, OldVersion: version, CurrentState: 'Installed', Arch: 'amd64' },
  ...{ Description: name, Origin: 'Proxmox', Priority: 'optional', Section: 'admin' },
});

const ofVzdump = pveContract.paths['/nodes/{node}/vzdump/defaults']?.['GET']?.returns.properties ?? {};

// A property string is an object on the way in; this call writes it as text again.
const schemaDefaults = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(ofVzdump).flatMap(([name, schema]) =>
      schema.default === undefined
        ? []
        : [[name, typeof schema.default === 'boolean' ? Number(schema.default) : schema.default]],
    ),
  );

const onlyForAuditors = ['mailto', 'tmpdir', 'dumpdir', 'script', 'ionice'];

/** Its own file over the schema, and the storage over both. */
function vzdumpDefaults(host: PveHost, storage: string | undefined): Record<string, unknown> {
  const { vzdumpConf } = host.state;
  const found: Record<string, unknown> = { ...schemaDefaults(), ...vzdumpConf };
  if (storage !== undefined) found['storage'] = storage;
  if (found['dumpdir'] === undefined && found['storage'] === undefined) found['storage'] = 'local';
  if (found['storage'] === undefined) return found;
  const entry = entryOf(host.state, String(found['storage']));
  if (isDisabled(entry)) throw died(`storage '${entry.storage}' is disabled`);
  if (entry.options['path'] !== undefined) found['dumpdir'] = `${entry.options['path']}/dump`;
  if (entry.options['prune-backups'] !== undefined) found['prune-backups'] = entry.options['prune-backups'];
  return found;
}

export const hostCalls: PveHandlers = {
  'GET /nodes/{node}/services': (host) =>
    answerWith(host.chance.shuffled(services).map((service) => serviceRow(host, service))),
  'GET /nodes/{node}/services/{service}/state': (host, { params }) =>
    answerWith(serviceRow(host, required(params, 'service'))),
  'GET /nodes/{node}/journal': ({ state }, { params }) => answerWith(readJournal(state.journal, state.node, params)),
  'GET /nodes/{node}/time': ({ now }) => {
    const time = Math.floor(now() / 1000);
    return answerWith({ time, localtime: time, timezone: 'UTC' });
  },
  'GET /nodes/{node}/apt/versions': ({ state }) => answerWith(Object.entries(packages(state.version)).map(packageRow)),
  'GET /nodes/{node}/vzdump/defaults': (host, call) => {
    const storage = text(call.params, 'storage') ?? text(host.state.vzdumpConf, 'storage');
    const asked = storage ?? (host.state.vzdumpConf['dumpdir'] === undefined ? 'local' : undefined);
    if (asked !== undefined) need(host, call, `/storage/${asked}`, 'Datastore.Audit', 'Datastore.AllocateSpace');
    const found = Object.entries(vzdumpDefaults(host, storage));
    const audits = may(host, call, `/nodes/${host.state.node}`, 'Sys.Audit');
    const unknown = unknownTo(host.state.version, Object.keys(ofVzdump));
    const hidden = audits ? unknown : [...unknown, ...onlyForAuditors];
    return answerWith(Object.fromEntries(found.filter(([name]) => !hidden.includes(name))));
  },
};
