// Carriers for tests, from estates as an operator writes them: read by the real schemas, routed by the real layers.
import { join } from 'node:path';
import { neverRan } from '../catalogue/job-history.ts';
import { files, kinds, withFiles } from '../estate/estate.test-support.ts';
import { readEstate } from '../estate/read.ts';
import type { Estate } from '../model/estate.ts';
import type { JobHistory } from '../model/job-history.ts';
import { carriersOf } from '../routes-of-estate.ts';
import { surroundingsIn } from './place.ts';
import { judgeRoutes, type Routed } from './routes.ts';

const hostKey = (last: string): string =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO0hHcVnB4VJpBNzCbTLdQ1z9PqSqnqkQOWdVJrMZs${last}`;

export const house = `
estate: house
time_zone: UTC
machines:
  - { name: pve, local: true }
  - { name: nas, ssh: { host: 10.0.0.9, user: root, key: { env: K }, host_key: "${hostKey('HE')}" } }
  - { name: pfsense, ssh: { host: 10.0.0.1, user: admin, key: { env: K }, host_key: "${hostKey('FW')}" } }
`;

export const estateOf = (text: string): Promise<Estate> =>
  withFiles({ 'estate.yaml': text }, (folder) => readEstate(join(folder, 'estate.yaml'), { files, kinds }));

export const judged = (
  estate: Estate,
  { today = '2026-11-22', histories }: { today?: string; histories?: readonly JobHistory[] } = {},
): Routed =>
  judgeRoutes({
    ...{ carriers: carriersOf(estate), around: surroundingsIn(estate), workloads: estate.workloads },
    ...{ exclusions: estate.exclusions, servers: estate.pve.map(({ name }) => name), today },
    histories:
      histories ??
      estate.layers.map(({ name, kind, workload }) => neverRan({ name, kind, workload, nextRun: undefined })),
  });

export const routed = async (text: string, more: Parameters<typeof judged>[1] = {}): Promise<Routed> =>
  judged(await estateOf(`${house}${text}`), more);
export const said = (notes: Routed['gaps']): readonly string[] =>
  notes.map(({ level, subject, says }) => `${level} ${subject}: ${says}`);
