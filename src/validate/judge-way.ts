// The way to a server, judged: name, port, TLS, certificate. Pure: what was seen comes in, checks go out.
import type { Fault } from '../fault.ts';
import type { Certificate, Knocked, LookedUp } from '../proxmox/reach.ts';
import { days } from '../values/duration.ts';
import type { Fingerprint } from '../values/fingerprint.ts';
import { between, type Instant } from '../values/instant.ts';
import { count } from '../values/text.ts';
import type { Check } from './check.ts';

export type Way = Readonly<{
  product: 'pve' | 'pbs';
  host: string;
  port: number;
  /** what the certificate must be; undefined: signed by somebody this machine trusts */
  pinned: Fingerprint | undefined;
}>;

export function judgeName({ host }: Way, looked: LookedUp): Check {
  if ('addresses' in looked) {
    const isAddress = looked.addresses.length === 1 && looked.addresses[0] === host;
    const seen = isAddress
      ? `${host} is an address, and no name to look up`
      : `${host} is ${looked.addresses.join(', ')}`;
    return { check: 'DNS', state: 'good', seen };
  }
  return {
    check: 'DNS',
    state: 'unreachable',
    seen: `DNS resolution failed for ${host}: ${looked.failed}`,
    remedy: `add a DNS entry ${host} -> ADDRESS to the name server this machine asks (\`getent hosts ${host}\` shows what it answers), or a line "ADDRESS ${host}" to /etc/hosts, here and on the nodes`,
  };
}

const services = {
  pve: { port: 8006, unit: 'pveproxy' },
  pbs: { port: 8007, unit: 'proxmox-backup-proxy' },
} as const satisfies Record<Way['product'], Readonly<{ port: number; unit: string }>>;

export function judgePort({ product, host, port }: Way, knocked: Knocked): readonly Check[] {
  const { unit, port: usual } = services[product];
  if (knocked.kind === 'closed')
    return [
      {
        check: 'port',
        state: 'unreachable',
        seen: `port ${port} of ${host}: ${knocked.says}`,
        remedy: `on the server, see that \`systemctl status ${unit}\` runs and \`ss -tlnp\` shows it on port ${port}; then see the firewalls between${port === usual ? '' : ` (${product.toUpperCase()} listens on ${usual})`}`,
      },
    ];
  const open: Check = { check: 'port', state: 'good', seen: `port ${port} is open` };
  if (knocked.kind === 'served') return [open, { check: 'TLS', state: 'good', seen: 'the handshake came about' }];
  return [
    open,
    {
      check: 'TLS',
      state: 'unreachable',
      seen: `port ${port} of ${host} is open, and no TLS came about: ${knocked.says}`,
      remedy: `see what listens on port ${port} there; \`systemctl restart ${unit}\` where it is the right service`,
    },
  ];
}

const soon = days(14);

export function judgeCertificate(way: Way, served: Certificate, untrusted: Fault | undefined, now: Instant): Check {
  const left = between(now, served.until);
  if (way.pinned !== undefined) {
    if (served.fingerprint !== way.pinned) return mismatch(way, way.pinned, served.fingerprint);
    // A pinned certificate is taken after its end as well; PVE and PBS renew theirs by themselves, and the pin breaks then.
    return left < soon ? expires(served, left) : { check: 'certificate', state: 'good', seen: shownAs(served) };
  }
  if (untrusted !== undefined)
    return { check: 'certificate', state: 'wrong', seen: untrusted.says, remedy: untrusted.remedy };
  return left < soon ? expires(served, left) : { check: 'certificate', state: 'good', seen: shownAs(served) };
}

const shownAs = ({ fingerprint, until }: Certificate): string => `${fingerprint}, valid until ${until.slice(0, 10)}`;

function mismatch({ product, host, port }: Way, declared: Fingerprint, served: Fingerprint): Check {
  const shows = product === 'pve' ? 'pvenode cert info' : 'proxmox-backup-manager cert info';
  return {
    check: 'certificate',
    state: 'wrong',
    seen: `the estate pins ${declared}, ${host}:${port} shows ${served}; no login was sent to it`,
    remedy: `compare with what \`${shows}\` prints on the server itself; where it is the new one: holdfast trust ${host}:${port}`,
  };
}

function expires(served: Certificate, left: number): Check {
  const remaining = Math.floor(left / days(1));
  const says =
    remaining < 0
      ? 'it has expired'
      : remaining === 0
        ? 'it expires within a day'
        : `it expires in ${count(remaining, 'day')}`;
  return {
    check: 'certificate',
    state: 'warning',
    seen: `${says}: ${shownAs(served)}`,
    remedy: 'renew it on the server, then pin the new one with `holdfast trust`',
  };
}
