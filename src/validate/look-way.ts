// Looks at the way to a server, stage by stage; a stage that fails ends it.
import { audienceOf, type Ports } from './asked.ts';
import type { Check } from './check.ts';
import { judgeCertificate, judgeName, judgePort, type Way } from './judge-way.ts';

export type WaySeen = Readonly<{
  checks: readonly Check[];
  /** a login may be sent there: it is reached, and is who it should be */
  trusted: boolean;
}>;

export async function lookAtWay(way: Way, name: string, { reach, clock }: Ports): Promise<WaySeen> {
  const looked = await reach.lookUp(way.host);
  const found = judgeName(way, looked);
  if (!('addresses' in looked)) return { checks: [found], trusted: false };
  const knocked = await reach.knock({ ...way, addresses: looked.addresses });
  const port = judgePort(way, knocked);
  if (knocked.kind !== 'served') return { checks: [found, ...port], trusted: false };
  const untrusted =
    way.pinned === undefined
      ? await reach.verdict({ product: way.product, name, audience: audienceOf(way), trust: 'ca' })
      : undefined;
  const certificate = judgeCertificate(way, knocked.certificate, untrusted, clock.now());
  return { checks: [found, ...port, certificate], trusted: certificate.state !== 'wrong' };
}
