// A login that takes itself away, or makes its own secret anew, ends the run that does it.
import { Fault } from '../../fault.ts';
import type { ProxmoxApi } from '../../proxmox/api.ts';
import { userOf } from './pbs-texts.ts';

/** @param auth the user or token that goes @throws Fault `own-login` before anything was sent */
export function refuseOwnLogin({ name, identity }: ProxmoxApi, auth: string, what: string): void {
  if (identity !== auth && userOf(identity) !== auth) return;
  throw new Fault('own-login', {
    where: `${auth} on ${name}`,
    says: `${what}, and Holdfast is logged in there as ${identity}`,
    remedy: `do it with another login: give ${name} another token in the estate (token, or identities.configure) and apply again`,
  });
}
