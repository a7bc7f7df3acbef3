// Where the PBS behind a storage entry runs: on this host, in one of the cluster's guests, or elsewhere. An address is a
// guest's when the guest says so, or when the card that answers for it on the wire has a guest's MAC. Elsewhere is only what
// was seen to be elsewhere; a PBS behind a router stays unknown.
import PQueue from 'p-queue';
import { Fault } from '../fault.ts';
import type { HostStorage, PbsHome } from '../model/host.ts';
import { shown } from '../values/text.ts';
import { guestAddresses, type Neighbour, neighboursIn, ownAddresses, resolvedIn, sameAddress } from './addresses.ts';
import type { GuestFile } from './guests.ts';
import type { Reader } from './reader.ts';

const hides = 'whether a PBS runs on what it protects';

export async function readHomes(
  reader: Reader,
  node: string,
  storages: readonly HostStorage[],
  guests: readonly GuestFile[],
): Promise<readonly HostStorage[]> {
  const servers = [
    ...new Set(storages.flatMap(({ pbs, disabled }) => (pbs === undefined || disabled ? [] : pbs.server))),
  ];
  if (servers.length === 0) return storages;
  const network = await readNetwork(reader);
  let asked: Promise<readonly GuestFile[]> | undefined;
  const askOnce = () => {
    asked ??= askGuests(reader, node, guests);
    return asked;
  };
  const homes = new Map<string, PbsHome>();
  for (const server of servers) homes.set(server, await homeOf(reader, server, network, guests, askOnce));
  return storages.map((storage) => {
    const home = storage.pbs && homes.get(storage.pbs.server);
    return storage.pbs === undefined || home === undefined ? storage : { ...storage, pbs: { ...storage.pbs, home } };
  });
}

type Network = Readonly<{ own: readonly string[]; neighbours: readonly Neighbour[] }>;

async function readNetwork(reader: Reader): Promise<Network> {
  const [own, neighbours] = await Promise.all([
    reader.ask(['/usr/bin/ip', '-json', 'address'], hides),
    reader.ask(['/usr/bin/ip', '-json', 'neighbour'], hides),
  ]);
  return { own: ownAddresses(own?.value), neighbours: neighboursIn(neighbours?.value) };
}

async function homeOf(
  reader: Reader,
  server: string,
  network: Network,
  guests: readonly GuestFile[],
  askGuests: () => Promise<readonly GuestFile[]>,
): Promise<PbsHome> {
  const addresses = await resolve(reader, server);
  if (addresses.length === 0) return { at: 'unknown', because: `${shown(server)} has no address here` };
  const seen = placeOf(addresses, network, guests) ?? placeOf(addresses, network, await askGuests());
  if (seen !== undefined) return seen;
  return {
    at: 'unknown',
    because: `no card on this network and no guest here that tells answers for ${addresses.join(', ')}`,
  };
}

async function resolve(reader: Reader, server: string): Promise<readonly string[]> {
  const address = sameAddress(server);
  if (address !== undefined) return [address];
  // A name that begins with a dash would be an option of getent.
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(server)) return [];
  const told = await reader.askText(['/usr/bin/getent', 'ahosts', server], hides);
  return told === undefined ? [] : resolvedIn(told.value);
}

/** Undefined where neither the wire nor a guest tells. */
function placeOf(
  addresses: readonly string[],
  { own, neighbours }: Network,
  guests: readonly GuestFile[],
): PbsHome | undefined {
  const mine = addresses.find((address) => own.includes(address));
  if (mine !== undefined) return { at: 'this host', because: `${mine} is an address of this host` };
  const answering = neighbours.filter(({ address }) => addresses.includes(address));
  for (const { address, mac } of answering) {
    const owner = guests.find(({ guest }) => guest.macs.includes(mac));
    if (owner !== undefined)
      return { at: 'guest', vmid: owner.guest.vmid, because: `${address} answers from its network card ${mac}` };
  }
  const [other] = answering;
  if (other !== undefined)
    return { at: 'elsewhere', because: `${other.address} answers from ${other.mac}, which no guest here has` };
  // After the wire: a copy of a guest, or one on another network, may have the same address in its config.
  for (const { guest } of guests) {
    const its = guest.template ? undefined : addresses.find((address) => guest.addresses.includes(address));
    if (its !== undefined) return { at: 'guest', vmid: guest.vmid, because: `${its} is its address` };
  }
  return undefined;
}

/** The guests with the addresses they have now; those that do not say keep what is known of them. */
async function askGuests(reader: Reader, node: string, guests: readonly GuestFile[]): Promise<readonly GuestFile[]> {
  const queue = new PQueue({ concurrency: 4 });
  return Promise.all(
    guests.map((file) => {
      const { guest, tells } = file;
      if (!tells || guest.node !== node || guest.running !== true) return file;
      return queue.add(async () => {
        const addresses = await askGuest(reader, file);
        return { ...file, guest: { ...guest, addresses: [...guest.addresses, ...addresses] } };
      });
    }),
  );
}

async function askGuest(reader: Reader, { guest }: GuestFile): Promise<readonly string[]> {
  const path = {
    vm: `/nodes/${guest.node}/qemu/${guest.vmid}/agent/network-get-interfaces`,
    ct: `/nodes/${guest.node}/lxc/${guest.vmid}/interfaces`,
  }[guest.kind];
  const told = await reader.tryToAsk(['/usr/bin/pvesh', 'get', path, '--output-format', 'json']);
  return told instanceof Fault ? [] : guestAddresses(told.value);
}
