// config.xml by the firewall's REST API, both versions of it, which really run what they are asked to in the firewall's own root.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPrompt, type FirewallApi, startApi } from '../../src/layers/pfsense/api.test-support.ts';
import { configXml, type Firewall, firewallWith } from '../../src/layers/pfsense/firewall.test-support.ts';
import type { Sshd } from '../../src/machines/sshd.test-support.ts';
import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { pointsIn, tried } from './place.ts';

/** Nothing goes over ssh here; a machine without a host key is none. */
type Asked = FirewallApi & Readonly<{ hostKey: string }>;

const run = ['run', 'edge-config', '--now'];

export async function provePfsenseByApi(report: Report, { hostKey }: Sshd): Promise<void> {
  const edge = firewallWith();
  const api = await startApi(
    commandPrompt((line) => {
      const { status, stdout, stderr } = spawnSync('chroot', [edge.root, 'sh', '-c', line], { encoding: 'utf8' });
      return { status: status ?? 255, says: `${stdout}${stderr}` };
    }),
  );
  try {
    await proveVersion(report, edge, { ...api, hostKey }, 'v2');
    await proveVersion(report, edge, { ...api, hostKey }, 'v1');
  } finally {
    api.close();
    edge.close();
  }
}

const clients = { v1: ['abcd', 'another'], v2: [undefined, undefined] } as const;

async function proveVersion(report: Report, edge: Firewall, api: Asked, version: 'v1' | 'v2'): Promise<void> {
  const [client, another] = clients[version];
  const estate = estateIn(estateText(api, version, client), 'edge');
  const points = join(estate.folder, 'copies/edge-config');
  try {
    edge.put('/cf/conf/config.xml', configXml(1_700_000_100, `<by>${version} é <![CDATA[ ]]></by>`));
    const ran = await estate.type(...run);
    const [config = ''] = pointsIn(points);
    const own = join(edge.root, 'cf/conf/config.xml');
    const same = tried('cmp', [join(points, config, 'config.xml'), own]).status === 0;
    const told = tried('grep', ['-rl', 'key-canary', estate.folder]).says;
    report.row(
      `3.5 config.xml by the API, version ${version}: byte by byte the firewall’s own, and the key is written nowhere`,
      ran.command,
      'cmp with the firewall’s own; grep -r for the key',
      (ran.status === 0 && same && told === '') || seen(ran, told),
    );
    // An answer that is no configuration: the file has gone.
    tried('mv', [own, `${own}.away`]);
    const gone = await estate.type(...run);
    tried('mv', [`${own}.away`, own]);
    report.control(
      `a point of a configuration that version ${version} could not read`,
      /firewall-not-read|config-not-whole/.test(gone.stderr) && pointsIn(points).length === 1,
    );
    const wrong = estateIn(estateText({ ...api, token: 'FOLDER/another' }, version, another), 'edge');
    writeFileSync(join(wrong.folder, 'another'), 'another', { mode: 0o600 });
    const refused = await wrong.type(...run);
    report.control(
      `a key that version ${version} does not know`,
      /credentials-refused/.test(refused.stderr) && pointsIn(join(wrong.folder, 'copies/edge-config')).length === 0,
    );
    wrong.close();
  } finally {
    estate.close();
  }
}

const estateText = (api: Asked, version: string, client: string | undefined): string => `
estate: edge
machines:
  - { name: here, local: true }
  - { name: edge, ssh: { host: 127.0.0.1, port: 9, user: nobody, key: { file: ${api.token} }, host_key: "${api.hostKey}" } }
workloads: [{ name: firewall }]
layers:
  - name: edge-config
    kind: pfsense
    machine: edge
    to_machine: here
    workload: firewall
    to: FOLDER/copies
    archive: never
    api: { url: "${api.url}", fingerprint: "${api.fingerprint}", token: { file: ${api.token} }, version: ${version}${client === undefined ? '' : `, client: ${client}`} }
    keep: { keep_last: 3 }
`;
