// What the lab leaves in its folder: secrets and keys for the owner alone, the estates, and at the very end lab.json, which
// says that everything else is there.
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fingerprint } from '../../src/values/fingerprint.ts';
import type { LabHost } from '../host/host.ts';
import type { S3Server } from '../s3/server.ts';
import { type Server, urlOf } from '../server.ts';
import { fullEstateText } from './estate-full.ts';
import { connectionsText, type EstateParts, estateText, type LabServer } from './estate-text.ts';
import { volumesText } from './estate-volumes.ts';

export type FolderParts = Readonly<{
  dir: string;
  servers: readonly Server[];
  /** by the name of their file without its ending */
  secrets: Readonly<Record<string, string>>;
  s3: S3Server | undefined;
  host: LabHost | undefined;
  control: string;
}>;

export type S3At = Readonly<{ url: string; fingerprint: Fingerprint; accessKey: string; region: string }>;

export const shownS3 = ({ listener, certificate, state }: S3Server): S3At => ({
  ...{ url: urlOf({ listener }), fingerprint: certificate.fingerprint },
  ...{ accessKey: state.accessKey, region: state.region },
});

const ready = 'lab.json';

/** Gives the names of the files, lab.json the last. */
export function writeFolder({ dir, servers, secrets, s3, host, control }: FolderParts): readonly string[] {
  const written = ['requests.ndjson'];
  const write = (name: string, text: string, mode: number): void => {
    const file = join(dir, name);
    // A file of an earlier lab may have another mode, and the umask may be any.
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode });
    chmodSync(file, mode);
    written.push(name);
  };
  chmodSync(join(dir, 'requests.ndjson'), 0o644);
  for (const { name, certificate } of [...servers, ...(s3 === undefined ? [] : [s3])]) {
    write(`${name}.key`, certificate.key, 0o600);
    write(`${name}.pem`, certificate.cert, 0o644);
  }
  for (const [name, secret] of Object.entries(secrets)) write(`${name}.token`, secret, 0o600);
  const known = servers.map((server) => ({
    name: server.name,
    product: server.product,
    url: urlOf(server),
    fingerprint: server.certificate.fingerprint,
  }));
  const parts = partsOf(known);
  write('connections.yaml', connectionsText(parts), 0o644);
  write('estate.yaml', parts.pbs.length > 1 ? fullEstateText(parts) : estateText(parts), 0o644);
  if (host !== undefined) write('volumes.yaml', volumesText(host), 0o644);
  write(`${ready}.part`, readyText(known, s3, control), 0o644);
  renameSync(join(dir, `${ready}.part`), join(dir, ready));
  return [...written.slice(0, -1), ready];
}

/** Nobody must find a lab that is gone. */
export const takeDown = (dir: string): void => rmSync(join(dir, ready), { force: true });

function partsOf(servers: readonly LabServer[]): EstateParts {
  const pve = servers.filter(({ product }) => product === 'pve');
  const pbs = servers.filter(({ product }) => product === 'pbs');
  return { pve, pbs };
}

function readyText(servers: readonly LabServer[], s3: S3Server | undefined, control: string): string {
  const shown = servers.map(({ name, ...server }) => [name, server] as const);
  const own = s3 === undefined ? {} : { s3: shownS3(s3) };
  return `${JSON.stringify({ servers: Object.fromEntries(shown), ...own, control, pid: process.pid }, null, 2)}\n`;
}
