// What all config files have in common (facts: pbs-api section 1), asked of each of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyGrant } from './first.ts';
import { done, type PbsLab, pbsLab, type Row, refusal } from './product.test-support.ts';

type Sample = Readonly<{
  path: string;
  id: string;
  form: string;
  /** one change, and what it leaves */
  change: string;
  changed: Row;
  /** which of the changed may go again, and one that may not */
  deletable?: string;
  fixed?: string;
  /** statuses of GET, PUT and DELETE for a name that nobody has */
  unknown: readonly [number, number, number];
  secret?: string;
  takesDigest?: false;
}>;

const jobs = [400, 400, 400] as const;
const goneOnDelete = [400, 400, 404] as const;
const notFound = [404, 404, 404] as const;
const notifications = '/config/notifications';
const samples: readonly Sample[] = [
  {
    path: '/config/prune',
    id: 'p-one',
    form: 'id=p-one&store=tank&schedule=daily',
    ...{ change: 'keep-last=3&comment=+kept+', changed: { 'keep-last': 3, comment: ' kept ' } },
    ...{ deletable: 'keep-last', fixed: 'schedule', unknown: jobs },
  },
  {
    path: '/config/verify',
    id: 'v-one',
    form: 'id=v-one&store=tank&schedule=daily',
    ...{ change: 'outdated-after=30&comment=+cut+', changed: { 'outdated-after': 30, comment: 'cut' } },
    ...{ deletable: 'outdated-after', fixed: 'store', unknown: jobs },
  },
  {
    path: '/config/sync',
    id: 's-one',
    form: 'id=s-one&store=archive&remote=there&remote-store=tank',
    ...{ change: 'rate-in=10MiB&comment=+cut+', changed: { 'rate-in': '10 MiB', comment: 'cut' } },
    ...{ deletable: 'rate-in', fixed: 'resync-corrupt', unknown: goneOnDelete },
  },
  {
    path: '/config/remote',
    id: 'there',
    form: 'name=there&host=pbs.example&auth-id=sync%40pbs&password=a+remote+word',
    ...{ change: 'port=8008&comment=+cut+&password=another+remote+word', changed: { port: 8008, comment: 'cut' } },
    ...{ deletable: 'port', fixed: 'password', unknown: goneOnDelete, secret: 'another remote word' },
  },
  {
    path: '/config/traffic-control',
    id: 'office',
    form: 'name=office&network=192.0.2.0%2F24&network=2001%3Adb8%3A%3A%2F32',
    ...{
      change: 'rate-in=1.5GB&timeframe=8%3A00-17%3A00',
      changed: { 'rate-in': '1.5 GB', timeframe: ['8:00-17:00'] },
    },
    ...{ deletable: 'timeframe', fixed: 'network', unknown: goneOnDelete },
  },
  {
    path: '/config/s3',
    id: 'cloud',
    form: 'id=cloud&endpoint=s3.example.com&access-key=KEY&secret-key=a+word+of+s3',
    ...{ change: 'region=here&path-style=1', changed: { region: 'here', 'path-style': true } },
    ...{ deletable: 'path-style', fixed: 'put-rate-limit', unknown: goneOnDelete, secret: 'a word of s3' },
  },
  {
    path: '/config/metrics/influxdb-http',
    id: 'graphs',
    form: 'name=graphs&url=http%3A%2F%2Fmetrics.lab.example%3A8086&token=an+influx+word',
    ...{ change: 'bucket=pbs', changed: { bucket: 'pbs' } },
    ...{ deletable: 'bucket', fixed: 'url', unknown: jobs, secret: 'an influx word' },
  },
  {
    path: '/config/metrics/influxdb-udp',
    id: 'graphs-udp',
    form: 'name=graphs-udp&host=metrics.lab.example%3A8089',
    ...{ change: 'mtu=1400', changed: { mtu: 1400 }, deletable: 'mtu', fixed: 'host', unknown: jobs },
  },
  {
    path: `${notifications}/endpoints/gotify`,
    id: 'push',
    form: 'name=push&server=https%3A%2F%2Fgotify.lab.example&token=a+gotify+word',
    ...{ change: 'disable=1', changed: { disable: true }, deletable: 'disable', fixed: 'token', unknown: notFound },
    ...{ secret: 'a gotify word', takesDigest: false },
  },
  {
    path: `${notifications}/endpoints/smtp`,
    id: 'relay',
    form: 'name=relay&server=mail.example.com&from-address=a%40b.example&mailto=a%40b.example&password=a+mail+word',
    ...{ change: 'mode=starttls&port=587', changed: { mode: 'starttls', port: 587 } },
    ...{ deletable: 'port', fixed: 'mode', unknown: notFound, secret: 'a mail word', takesDigest: false },
  },
  {
    path: `${notifications}/endpoints/webhook`,
    id: 'chat',
    form: 'name=chat&url=https%3A%2F%2Fchat.example&method=post&secret=name%3Dkey%2Cvalue%3DYSB3ZWIgd29yZA%3D%3D',
    ...{ change: 'body=e30%3D', changed: { body: 'e30=', secret: ['name=key'] } },
    ...{ deletable: 'body', fixed: 'url', unknown: notFound, secret: 'YSB3ZWIgd29yZA==', takesDigest: false },
  },
  {
    path: `${notifications}/matchers`,
    id: 'errors',
    form: 'name=errors&target=mail-to-root&match-severity=error',
    ...{ change: 'mode=any', changed: { mode: 'any' }, deletable: 'mode', fixed: 'name', unknown: notFound },
    takesDigest: false,
  },
];

const labWith = async (sample: Sample): Promise<PbsLab> => {
  const lab = pbsLab({ opsGrants: everyGrant });
  await done(lab, 'POST', sample.path, { form: sample.form });
  return lab;
};
const read = async (lab: PbsLab, { path, id }: Sample) => {
  const { json } = await lab.ask('GET', `${path}/${id}`);
  return { entry: json.data as Row, digest: json.digest ?? '' };
};
const stale = 'detected modified configuration - file changed by other user? Try again.';

for (const sample of samples)
  describe(`an entry below ${sample.path}`, () => {
    const one = `${sample.path}/${sample.id}`;
    it('is made once, changed field by field, cleared by name, and removed', async () => {
      const lab = await labWith(sample);
      assert.match((await lab.ask('POST', sample.path, { form: sample.form })).body, /already exists/);
      const { entry: before } = await read(lab, sample);
      await done(lab, 'PUT', one, { form: sample.change });
      const { entry: after } = await read(lab, sample);
      assert.deepEqual(after, { ...before, ...sample.changed });
      await done(lab, 'PUT', one, { form: `delete=${sample.deletable}` });
      assert.equal((await read(lab, sample)).entry[sample.deletable ?? ''], before[sample.deletable ?? '']);
      const [status, body] = await refusal(lab, 'PUT', one, { form: `delete=${sample.fixed}` });
      assert.equal(status, 400);
      assert.match(body, /'delete': value '\S+' is not defined in the enumeration/);
      await done(lab, 'DELETE', one);
      assert.deepEqual(
        (await lab.rows(sample.path)).filter((row) => row['id'] === sample.id || row['name'] === sample.id),
        [],
      );
    });
    it('has the digest of its whole file, and a stale one is refused', async () => {
      const lab = await labWith(sample);
      const { digest } = await read(lab, sample);
      assert.equal((await lab.ask('GET', sample.path)).json.digest, digest);
      const put = (form: string) => refusal(lab, 'PUT', one, { form: `${form}&digest=${digest}` });
      assert.equal((await put(sample.change))[0], 200);
      assert.deepEqual(await put(sample.change), [400, stale]);
      const late = await refusal(lab, 'DELETE', `${one}?digest=${digest}`);
      if (sample.takesDigest === false) assert.match(late[1], /'digest': schema does not allow additional properties/);
      else assert.deepEqual(late, [400, stale]);
      assert.equal((await lab.ask('GET', one)).status, 200, 'it is still there');
    });
    it('that nobody has is refused with the status that its own call has for it', async () => {
      const lab = await labWith(sample);
      const nobody = `${sample.path}/nobody`;
      const statuses = await Promise.all([
        lab.ask('GET', nobody),
        lab.ask('PUT', nobody, { form: sample.change }),
        lab.ask('DELETE', nobody),
      ]);
      assert.deepEqual(
        statuses.map(({ status }) => status),
        sample.unknown,
      );
      for (const { body } of statuses) assert.match(body, /no such|does not exist/);
    });
    it('is changed by a foreign hand just before a write, which is refused then', async () => {
      const lab = await labWith(sample);
      const { digest } = await read(lab, sample);
      lab.board.add('foreign-change', { count: 1, object: sample.id });
      assert.deepEqual(await refusal(lab, 'PUT', one, { form: `${sample.change}&digest=${digest}` }), [400, stale]);
      lab.board.add('lock-timeout', { count: 1 });
      const [status, body] = await refusal(lab, 'PUT', one, { form: sample.change });
      assert.equal(status, 400);
      assert.match(body, /got lock request timeout/);
    });
    it('gives nothing secret back, and the state has none', async () => {
      const lab = await labWith(sample);
      await done(lab, 'PUT', one, { form: sample.change });
      const secret = sample.secret ?? 'no secret at all';
      const answers = [(await lab.ask('GET', one)).body, (await lab.ask('GET', sample.path)).body];
      for (const text of [...answers, JSON.stringify(lab.state)]) assert.ok(!text.includes(secret));
      const kept = lab.host.secrets.names().map((name) => lab.host.secrets.reveal(name));
      assert.equal(kept.includes(secret), sample.secret !== undefined, 'it is kept all the same');
      await done(lab, 'DELETE', one);
      const left = lab.host.secrets.names().map((name) => lab.host.secrets.reveal(name));
      assert.ok(!left.includes(secret), 'and gone with its entry');
    });
  });
