// Where figures may be asked for: on this machine, by who is on it. Any other address needs TLS and an account (threat model,
// section 6), and there is none of both yet.
import { Fault } from '../fault.ts';
import { shown } from '../values/text.ts';

export type ListenAddress = Readonly<{ host: string; port: number }> | Readonly<{ socket: string }>;

export const defaultListen = '127.0.0.1:9467';

/** @throws Fault `listen-address-refused` */
export function listenAddress(text: string): ListenAddress {
  const [, socket] = /^unix:(\/[^\0]+)$/.exec(text) ?? [];
  if (socket !== undefined) return { socket };
  const [, name, v6, digits] = /^(?:([A-Za-z0-9.-]+)|\[([0-9a-fA-F:]+)\]):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  // As an address, not as a name: who answers for `localhost` is for a file to say that others may write.
  const host = name === 'localhost' ? '127.0.0.1' : (name ?? v6);
  if (host === undefined || port > 65535) throw refused(text, 'it is no address with a port, and no `unix:/PATH`');
  if (v6 !== undefined ? !/^(0{0,4}:){2,7}0{0,3}1$/.test(v6) : !/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host))
    throw refused(text, 'it can be reached from elsewhere, and figures are given without a login');
  return { host, port };
}

const refused = (text: string, says: string): Fault =>
  new Fault('listen-address-refused', {
    where: shown(text),
    says,
    remedy: `take ${defaultListen}, [::1]:9467 or unix:/run/holdfast/metrics.sock; from elsewhere, let a proxy with TLS and a login stand before it`,
    exit: 'misused',
  });
