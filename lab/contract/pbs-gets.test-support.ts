// Every GET that the PBS of the lab serves, and something there for each of them to tell.
import assert from 'node:assert/strict';
import type { Form, TestLab } from '../ask.test-support.ts';

const server = 'pbs-pihanga';

const made = ({ port, secret, lab }: TestLab): readonly (readonly [path: string, form: Form])[] => [
  ['/config/verify', { id: 'v-weekly', store: 'tank', schedule: 'sun 06:00', 'outdated-after': 30 }],
  [
    '/config/remote',
    {
      ...{ name: 'itself', host: '127.0.0.1', port: port(server), 'auth-id': 'holdfast@pbs!ops' },
      password: secret(`${server}.token`),
      fingerprint: (lab.servers[server]?.fingerprint ?? '').toLowerCase(),
    },
  ],
  [
    '/config/sync',
    {
      id: 's-daily',
      store: 'archive',
      remote: 'itself',
      'remote-store': 'tank',
      schedule: 'daily',
      'rate-in': '10MiB',
    },
  ],
  [
    '/config/traffic-control',
    { name: 'office', network: ['192.0.2.0/24'], 'rate-in': '10 MB', timeframe: '8:00-17:00' },
  ],
  ['/config/s3', { id: 'cloud', endpoint: 's3.lab.example', 'access-key': 'KEY', 'secret-key': 'a secret of S3' }],
  ['/config/encryption-keys', { id: 'offsite' }],
  ['/config/notifications/endpoints/gotify', { name: 'push', server: 'https://gotify.lab.example', token: 'a gotify' }],
  ['/config/notifications/endpoints/sendmail', { name: 'admins', mailto: ['admin@example.com'] }],
  [
    '/config/notifications/endpoints/smtp',
    { name: 'relay', server: 'mail.example.com', 'from-address': 'pbs@example.com', mailto: ['admin@example.com'] },
  ],
  [
    '/config/notifications/endpoints/webhook',
    { name: 'chat', url: 'https://chat.example.com/hook', method: 'post', secret: ['name=key,value=c2VjcmV0'] },
  ],
  ['/config/notifications/matchers', { name: 'errors', target: ['push'], 'match-severity': ['error'] }],
  ['/config/metrics/influxdb-http', { name: 'graphs', url: 'http://metrics.lab.example:8086', token: 'an influx' }],
  ['/config/metrics/influxdb-udp', { name: 'graphs-udp', host: 'metrics.lab.example:8089' }],
];

/** Makes one entry of each kind; whoever asks for everything has to be allowed everything. */
export async function furnish(testLab: TestLab): Promise<void> {
  const state = testLab.lab.servers[server]?.state;
  assert.ok(state?.product === 'pbs');
  const grant = { path: '/', role: 'Admin', propagate: true };
  state.acl.unshift(...['holdfast@pbs', 'holdfast@pbs!ops'].map((authId) => ({ authId, ...grant })));
  state.acl = state.acl.filter(({ authId, role }) => !authId.startsWith('holdfast@pbs') || role !== 'DatastoreAdmin');
  for (const [path, form] of made(testLab)) {
    const { status, text } = await testLab.ask(server, 'POST', path, { form });
    assert.equal(status, 200, `${path}: ${text}`);
  }
}

const snapshotOf = (testLab: TestLab): Form => {
  const state = testLab.lab.servers[server]?.state;
  assert.ok(state?.product === 'pbs');
  const { type, id, time } = state.snapshots.find(({ namespace }) => namespace === '') ?? assert.fail('no snapshot');
  return { 'backup-type': type, 'backup-id': id, 'backup-time': time };
};

export const pbsGets = (testLab: TestLab, upid: string): readonly (readonly [path: string, form?: Form])[] => [
  ['/access/acl'],
  ['/access/domains'],
  ['/access/permissions'],
  ['/access/roles'],
  ['/access/users'],
  ['/access/users/holdfast@pbs'],
  ['/access/users/holdfast@pbs/token'],
  ['/access/users/holdfast@pbs/token/ops'],
  ['/admin/datastore'],
  ['/admin/datastore/tank/gc'],
  ['/admin/datastore/tank/group-notes', { 'backup-type': 'vm', 'backup-id': '101' }],
  ['/admin/datastore/tank/groups'],
  ['/admin/datastore/tank/namespace'],
  ['/admin/datastore/tank/notes', snapshotOf(testLab)],
  ['/admin/datastore/tank/protected', snapshotOf(testLab)],
  ['/admin/datastore/tank/snapshots'],
  ['/admin/datastore/tank/status'],
  ['/admin/gc'],
  ['/admin/metrics'],
  ['/admin/prune'],
  ['/admin/sync'],
  ['/admin/traffic-control'],
  ['/admin/verify'],
  ['/config/datastore'],
  ['/config/datastore/tank'],
  ['/config/encryption-keys'],
  ['/config/metrics/influxdb-http'],
  ['/config/metrics/influxdb-http/graphs'],
  ['/config/metrics/influxdb-udp'],
  ['/config/metrics/influxdb-udp/graphs-udp'],
  ['/config/notifications/endpoints/gotify'],
  ['/config/notifications/endpoints/gotify/push'],
  ['/config/notifications/endpoints/sendmail'],
  ['/config/notifications/endpoints/sendmail/mail-to-root'],
  ['/config/notifications/endpoints/smtp'],
  ['/config/notifications/endpoints/smtp/relay'],
  ['/config/notifications/endpoints/webhook'],
  ['/config/notifications/endpoints/webhook/chat'],
  ['/config/notifications/matcher-field-values'],
  ['/config/notifications/matcher-fields'],
  ['/config/notifications/matchers'],
  ['/config/notifications/matchers/default-matcher'],
  ['/config/notifications/targets'],
  ['/config/prune'],
  ['/config/prune/workshop-weekly'],
  ['/config/remote'],
  ['/config/remote/itself'],
  ['/config/remote/itself/scan'],
  ['/config/remote/itself/scan/tank/groups'],
  ['/config/remote/itself/scan/tank/namespaces'],
  ['/config/s3'],
  ['/config/s3/cloud'],
  ['/config/s3/cloud/list-buckets'],
  ['/config/sync'],
  ['/config/sync/s-daily'],
  ['/config/traffic-control'],
  ['/config/traffic-control/office'],
  ['/config/verify'],
  ['/config/verify/v-weekly'],
  ['/nodes/localhost/identity'],
  ['/nodes/localhost/journal'],
  ['/nodes/localhost/services'],
  ['/nodes/localhost/services/proxmox-backup-proxy/state'],
  ['/nodes/localhost/status'],
  ['/nodes/localhost/tasks'],
  [`/nodes/localhost/tasks/${encodeURIComponent(upid)}/log`],
  [`/nodes/localhost/tasks/${encodeURIComponent(upid)}/status`],
  ['/nodes/localhost/time'],
  ['/ping'],
  ['/status/datastore-usage'],
  ['/version'],
];

/** Where the description and a real server differ, the lab follows the server (facts: pbs-api sections 2, 4 and 6). */
export const pbsOtherwise: readonly (readonly [path: RegExp, difference: RegExp])[] = [
  [/\/snapshots$/, /^data\[\d+\]\.files\[\d+\] is no string: \{"filename"/],
  [/^\/nodes\/localhost\/tasks\/[^/]+\/log$/, /^data is no null: \[\{"n":1,"t":/],
  [/notes$/, /^data is no null: "/],
  [/\/protected$/, /^data is no null: (?:true|false)$/],
  [/\/list-buckets$/, /^data is no null: \[\{"name":/],
  [/\/services\/[^/]+\/state$/, /^data is no null: \{"service":/],
];
