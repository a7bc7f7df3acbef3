// The other PBS as this one meets it: over HTTPS, with the login that its section of remote.cfg has.
import { askPbs, type PbsAddress } from '../pve/pbs-contact.ts';
import { secretName } from './config-file.ts';
import type { PbsHost } from './host.ts';
import { remote as remoteKind } from './sections/remote.ts';
import { entryNamed } from './sections/section.ts';

export type Remote = PbsAddress & Readonly<{ name: string }>;
type Row = Readonly<Record<string, unknown>>;

export function remoteNamed(host: PbsHost, name: string): Remote {
  const { options } = entryNamed(remoteKind, host.state, name, 'GET');
  return {
    name,
    server: String(options['host']),
    port: Number(options['port'] ?? 8007),
    fingerprint: options['fingerprint'] === undefined ? undefined : String(options['fingerprint']),
    username: String(options['auth-id']),
    password: host.secrets.reveal(secretName('remote', name, 'password')) ?? '',
  };
}

/** The rows of a list there. What it throws says, in PBS's words, why it could not ask. */
export async function rowsAt(remote: Remote, path: string): Promise<readonly Row[]> {
  try {
    return (await askPbs(remote, path)) as readonly Row[];
  } catch (thrown) {
    throw new Error(whyNot((thrown as Error).message));
  }
}

/** Whether the login of the remote has that right there. */
export async function mayAt(remote: Remote, path: string, privilege: string): Promise<boolean> {
  const rights = await askPbs(remote, `/access/permissions?path=${encodeURIComponent(path)}`).catch(
    (thrown: unknown) => {
      throw new Error(whyNot((thrown as Error).message));
    },
  );
  return (rights as Readonly<Record<string, Row | undefined>>)[path]?.[privilege] !== undefined;
}

function whyNot(said: string): string {
  if (/Connection refused/.test(said))
    return 'error trying to connect: tcp connect error: Connection refused (os error 111)';
  if (/certificate verify failed/.test(said))
    return 'error trying to connect: error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1889:';
  const [, why] = /Can't connect to \S+ \((.*)\)/.exec(said) ?? [];
  if (why !== undefined) return `error trying to connect: tcp connect error: ${why}`;
  const [, status, text] = /^(\d{3}) (.*)$/s.exec(said) ?? [];
  return status === undefined ? said : `HTTP Error ${status}: ${text}`;
}
