// Who may see, change and run a sync job (facts: pbs-api section 5): rights on the local side and on the way to the other.
import type { PbsCall, PbsHost } from '../host.ts';
import { badRequest } from '../refusal.ts';
import { may } from '../rights.ts';
import type { Options } from '../state.ts';
import { aclPath, owns } from '../stores.ts';

export const isPush = (options: Options): boolean => options['sync-direction'] === 'push';
export const textOf = (options: Options, name: string): string | undefined =>
  options[name] === undefined ? undefined : String(options[name]);

/** The local side: where a pull writes, and a push reads. */
const localPath = (options: Options): string => aclPath(String(options['store']), textOf(options, 'ns'));

/** `/remote/R/STORE[/ns]` */
function remotePath(options: Options, withNamespace: boolean): string {
  const namespace = withNamespace ? textOf(options, 'remote-ns') : undefined;
  const deeper = namespace === undefined || namespace === '' ? '' : `/${namespace}`;
  return `/remote/${textOf(options, 'remote')}/${textOf(options, 'remote-store')}${deeper}`;
}

export function maySee(host: PbsHost, call: PbsCall, options: Options): boolean {
  if (!may(host, call, localPath(options), 'Datastore.Audit')) return false;
  const remote = textOf(options, 'remote');
  if (remote === undefined) return may(host, call, aclPath(String(options['remote-store'])), 'Datastore.Audit');
  return may(host, call, isPush(options) ? remotePath(options, true) : `/remote/${remote}`, 'Remote.Audit');
}

/** Without an owner it is root. */
const isOwn = (call: PbsCall, options: Options): boolean => owns(call.user, textOf(options, 'owner') ?? 'root@pam');

function mayPull(host: PbsHost, call: PbsCall, options: Options): boolean {
  const has = (privilege: string): boolean => may(host, call, localPath(options), privilege);
  if (!has('Datastore.Audit') || !has('Datastore.Backup')) return false;
  if (options['remove-vanished'] === true && !has('Datastore.Prune')) return false;
  if (!isOwn(call, options) && !has('Datastore.Modify')) return false;
  return options['remote'] === undefined
    ? may(host, call, aclPath(String(options['remote-store'])), 'Datastore.Read')
    : may(host, call, remotePath(options, false), 'Remote.Read');
}

// Without a remote there is nowhere to push to, not even for root.
function mayPush(host: PbsHost, call: PbsCall, options: Options): boolean {
  if (options['remote'] === undefined) return false;
  const at = remotePath(options, true);
  if (!may(host, call, at, 'Remote.DatastoreBackup')) return false;
  if (options['remove-vanished'] === true && !may(host, call, at, 'Remote.DatastorePrune')) return false;
  const has = (privilege: string): boolean => may(host, call, localPath(options), privilege);
  const owned = has('Datastore.Backup') && (isOwn(call, options) || has('Datastore.Modify'));
  return has('Datastore.Audit') && (has('Datastore.Read') || owned);
}

export function needSync(host: PbsHost, call: PbsCall, options: Options): void {
  const allowed = isPush(options) ? mayPush(host, call, options) : mayPull(host, call, options);
  if (!allowed) throw badRequest('permission check failed');
}
