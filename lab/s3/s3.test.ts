// The S3 service of the full lab believes a signature, and nothing else.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { askS3, codeIn, listBuckets, type S3Address } from './ask.ts';
import { type S3Server, startS3 } from './server.ts';

const now = Date.parse('2026-02-24T02:00:00Z');
let server: S3Server;
let address: S3Address;
before(async () => {
  const state = {
    product: 's3' as const,
    accessKey: 'LABKEY',
    region: 'lab-1',
    buckets: [{ name: 'pbs' }],
    objects: {},
  };
  server = await startS3({ name: 's3', now: () => Date.now(), log: () => undefined, secret: 'a secret key', state });
  const { fingerprint } = server.certificate;
  const keys = { accessKey: 'LABKEY', secretKey: 'a secret key', region: 'lab-1' };
  address = { host: '127.0.0.1', port: server.listener.port, fingerprint, ...keys };
});
after(() => server.listener.shut());

describe('the S3 service', () => {
  it('lists its buckets to whoever signs with the key', async () => {
    assert.deepEqual(await listBuckets(address, now), ['pbs']);
  });
  it('makes a bucket once, and keeps what is put into it', async () => {
    assert.equal((await askS3(address, 'PUT', '/second', now)).status, 200);
    assert.equal((await askS3(address, 'PUT', '/second', now)).status, 409);
    assert.equal((await askS3(address, 'PUT', '/second/.in-use', now, 'pbs-datastore')).status, 200);
    assert.equal((await askS3(address, 'GET', '/second/.in-use', now)).body, 'pbs-datastore');
    assert.match((await askS3(address, 'GET', '/second', now)).body, /<Key>\.in-use<\/Key>/);
    assert.deepEqual([...(await listBuckets(address, now))].sort(), ['pbs', 'second']);
  });
  it('says of a bucket that is not there that it is not there', async () => {
    assert.equal((await askS3(address, 'HEAD', '/nowhere', now)).status, 404);
    assert.equal(codeIn((await askS3(address, 'GET', '/nowhere', now)).body), 'NoSuchBucket');
  });
  it('refuses another key, another secret, another region, and tells nothing', async () => {
    for (const wrong of [{ secretKey: 'another' }, { accessKey: 'OTHER' }, { region: 'elsewhere' }])
      await assert.rejects(listBuckets({ ...address, ...wrong }, now), /SignatureDoesNotMatch \(403\)/);
  });
  it('is not asked where its certificate is not the pinned one', async () => {
    const other = Array.from({ length: 32 }, () => 'AA').join(':');
    await assert.rejects(listBuckets({ ...address, fingerprint: other }, now), /certificate verify failed/);
  });
});
