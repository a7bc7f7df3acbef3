// The `url` of a server in the estate. HTTPS only, and nothing but a host and a port.
import { Fault } from '../fault.ts';
import type { Product } from './api.ts';

export type Address = Readonly<{
  origin: string;
  /** what secrets for this server are bound to: `10.10.0.10:8006`, `[fd00::1]:8007` */
  audience: string;
}>;

const usualPort = { pve: '8006', pbs: '8007' } as const satisfies Record<Product, string>;

export function addressOf(server: Readonly<{ product: Product; name: string; url: string }>): Address {
  const url = URL.parse(server.url);
  const says =
    url === null
      ? `"${server.url}" is no URL`
      : url.protocol !== 'https:'
        ? `${url.protocol}// is not spoken, only https://`
        : url.username !== '' || url.password !== ''
          ? 'the URL holds a login'
          : url.pathname !== '/' || url.search !== '' || url.hash !== ''
            ? 'the URL goes on behind host and port'
            : undefined;
  if (url === null || says !== undefined)
    throw new Fault('url-unusable', {
      where: server.name,
      says: says ?? 'it cannot be read',
      remedy: `write it as https://HOST:${usualPort[server.product]}; the login stands beside it, as token or login`,
      exit: 'invalid',
    });
  return { origin: url.origin, audience: `${url.hostname}:${url.port || '443'}` };
}

/** A remark for who cannot connect: the port is not the one the product listens on. */
export function portRemark(product: Product, audience: string): string {
  const port = audience.slice(audience.lastIndexOf(':') + 1);
  return port === usualPort[product]
    ? ''
    : ` (the URL names port ${port}; ${product.toUpperCase()} listens on ${usualPort[product]})`;
}
