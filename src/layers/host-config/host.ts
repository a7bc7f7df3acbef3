// Which host it is: the id that its installation got (machine-id(5)). One that was installed anew has another, and its points
// push none of the old ones out of retention.
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { type Digest, digestOf } from '../../values/canonical.ts';
import { type Ref, ref } from '../../values/ref.ts';

export const hostRef = (machine: string): Ref => ref('host', machine);

/** What the plan relies on: that the machine answers, and is an installed host. */
export const answersAsAHost: Digest = digestOf('a machine with an id of its own');

/** @throws Fault `host-without-id` */
export async function machineId(machine: Machine): Promise<string> {
  const content = await machine.files.read('/etc/machine-id', 4096);
  const id = Buffer.from(content ?? '')
    .toString()
    .trim();
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new Fault('host-without-id', {
    where: machine.name,
    says: 'its /etc/machine-id holds no id, so its points could not be told from those of another installation',
    remedy: '`systemd-machine-id-setup` makes one',
  });
}
