// `lab` without more is the whole estate; with `--small` the little one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Surroundings } from '../surroundings.ts';
import type { Invocation } from './command.ts';
import { lab } from './lab.ts';

/** Stopped before it starts: it comes up, says so, and goes down. */
async function started(options: Readonly<Record<string, unknown>>) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lab-command-'));
  const said: string[] = [];
  const surroundings = { folder, stopped: AbortSignal.abort() } as Partial<Surroundings> as Surroundings;
  const invocation = { surroundings, options: { dir: 'estate', ...options }, say: (line: string) => said.push(line) };
  try {
    const { exit, value } = await lab.run(invocation as Partial<Invocation> as Invocation);
    const estate = readFileSync(join(folder, 'estate', 'estate.yaml'), 'utf8');
    return { exit, servers: value.servers, said: said.join('\n'), estate };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('three hosts, two PBS and an S3 service come up, each with its address', async () => {
  const { exit, servers, said, estate } = await started({});
  assert.deepEqual(servers, ['ruapehu', 'pihanga', 'hikurangi', 'pbs-pihanga', 'pbs-taupo']);
  assert.equal(exit, 'fine');
  for (const name of [...servers, 's3']) assert.match(said, new RegExp(`${name} +https://127\\.0\\.0\\.1:\\d+`));
  assert.match(estate, /datastore: pbs-datastore/);
});

it('with --small two hosts and a PBS come up, and nothing beside them', async () => {
  const { servers, said, estate } = await started({ small: true });
  assert.deepEqual(servers, ['ruapehu', 'hikurangi', 'pbs-pihanga']);
  assert.doesNotMatch(said, /^ +s3 /m);
  assert.match(estate, /datastore: tank/);
});
