import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import { asYaml, type PbsEstate, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsMetricsServer } from './pbs-metrics-server.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
  on.secretFile('influx.token', 'hidden from all');
});
after(() => on[Symbol.asyncDispose]());

const servers = (...entries: readonly string[]): string =>
  `metrics_servers: [${entries.map((one) => `{ ${one} }`).join(', ')}]`;
const stored = (name: string) => on.state.metricServers.find(({ id }) => id === name)?.options;
const http = 'kind: influxdb-http, name: influx, url: "http://metrics.lab.example:8086"';
const udp = 'kind: influxdb-udp, name: packets, host: "metrics.lab.example:8089"';

describe('metric servers of a PBS', () => {
  it('of both kinds are made, each from its own list, and the plan after it is empty', async () => {
    await on.settle(servers(`${http}, token: { file: influx.token }`, udp));
    assert.deepEqual(stored('influx'), {
      ...{ url: 'http://metrics.lab.example:8086', organization: 'proxmox', bucket: 'proxmox' },
      'max-body-size': 25_000_000,
    });
    assert.deepEqual(stored('packets'), { host: 'metrics.lab.example:8089', mtu: 1500 });
    assert.deepEqual(on.sent(/influxdb-http/)[0]?.['token'], '[secret]');
  });

  it('take every option there is, and give each of them up again', async () => {
    const more =
      'organization: lab, bucket: pbs, max_body_size: 1000000, verify_tls: false, enabled: false, comment: ours';
    await on.settle(servers(`${http}, ${more}`, `${udp}, mtu: 9000, enabled: false, comment: ours`));
    assert.deepEqual(stored('influx'), {
      ...{ url: 'http://metrics.lab.example:8086', organization: 'lab', bucket: 'pbs', 'max-body-size': 1_000_000 },
      ...{ 'verify-tls': false, enable: false, comment: 'ours' },
    });
    await on.settle(servers(http, udp));
    assert.deepEqual(stored('packets'), { host: 'metrics.lab.example:8089', mtu: 1500 });
    const { comment, enable, 'verify-tls': verify } = stored('influx') ?? {};
    assert.deepEqual([comment, enable, verify], [undefined, undefined, undefined]);
  });

  it('are as declared where the server says what goes without saying, and where it does not', async () => {
    Object.assign(stored('influx') ?? {}, { enable: true, 'verify-tls': true, comment: '' });
    for (const name of ['organization', 'bucket', 'max-body-size']) delete stored('influx')?.[name];
    assert.deepEqual((await on.plan(servers(http))).steps, []);
    const { steps } = await on.plan(servers(`${http}, enabled: false`));
    assert.deepEqual(
      steps[0]?.changes.map((one) => [one.field, one.class]),
      [['enabled', 'weakens']],
    );
  });

  it('that cannot be reached are not made, in the words of the PBS; switched off they are', async () => {
    const gone = 'kind: influxdb-http, name: gone, url: "http://nowhere.lab.example:8086"';
    const { fates, faults } = await on.apply(await on.plan(servers(gone)));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /could not connect to http:\/\/nowhere.lab.example:8086/);
    await on.settle(servers(`${gone}, enabled: false`));
  });

  it('are removed when they are no longer declared and --prune is said', async () => {
    const plan = await on.plan('metrics_servers: []', { prune: true });
    assert.deepEqual((await on.apply(plan)).fates, ['done', 'done', 'done']);
    assert.deepEqual(on.state.metricServers, []);
  });

  it('written by import declare what is there, and nothing more', async () => {
    on.state.metricServers.push(
      {
        id: 'one',
        type: 'influxdb-http',
        options: { url: 'http://metrics.lab.example:8086', bucket: 'b', enable: false },
      },
      { id: 'two', type: 'influxdb-udp', options: { host: 'metrics.lab.example:8089' } },
    );
    const text = asYaml(await on.written(pbsMetricsServer));
    const [found, declared] = await on.foundAndDeclared(pbsMetricsServer, text);
    assert.deepEqual(declared, found);
    assert.doesNotMatch(text, /mtu|organization|null|token/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  it('are refused in the file with an address that is none', async () => {
    const estate = (entry: string) =>
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, ${servers(entry)} }]`;
    assert.match((await problemsIn(estate(udp.replace(':8089', '')))).join(), /is no host with its port/);
    assert.match((await problemsIn(estate(http.replace('http://', 'influx://')))).join(), /is no address/);
    assert.deepEqual(await problemsIn(estate(http)), []);
  });
});
