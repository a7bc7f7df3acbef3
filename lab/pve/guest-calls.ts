// The guests of a host: lists, files, and how one is just now. Whoever may not see a guest does not find it in the lists.
import { configDigest, configOf } from './guest-config.ts';
import { guestFigures } from './guest-figures.ts';
import { answerWith, type PveCall, type PveHandlers, type PveHost } from './host.ts';
import { died } from './refusal.ts';
import { may } from './rights.ts';
import type { Guest } from './state.ts';

type Type = Guest['type'];

function row(host: PveHost, guest: Guest): object {
  const { vmid, name, status, template, tags, lock, type } = guest;
  const { maxcpu, ...figures } = guestFigures(host, guest);
  return {
    ...{ vmid, name, status, cpus: maxcpu, ...figures },
    ...(template ? { template: 1 } : {}),
    ...(tags === '' ? {} : { tags }),
    ...(lock === undefined ? {} : { lock }),
    ...(type === 'qemu' && status === 'running' ? { pid: 4000 + vmid } : {}),
  };
}

const listed = (type: Type) => (host: PveHost, call: PveCall) =>
  answerWith(
    host.chance.shuffled(
      host.state.guests
        .filter((guest) => guest.type === type && may(host, call, `/vms/${guest.vmid}`, 'VM.Audit'))
        .map((guest) => row(host, guest)),
    ),
  );

const directories = { qemu: 'qemu-server', lxc: 'lxc' } as const;

function theGuest({ state }: PveHost, { params }: PveCall, type: Type): Guest {
  const guest = state.guests.find((one) => one.vmid === params['vmid'] && one.type === type);
  if (guest === undefined)
    throw died(`Configuration file 'nodes/${state.node}/${directories[type]}/${params['vmid']}.conf' does not exist`);
  return guest;
}

const config = (type: Type) => (host: PveHost, call: PveCall) => {
  const found = configOf(theGuest(host, call, type));
  return answerWith({ ...found, digest: configDigest(found) });
};

const current = (type: Type) => (host: PveHost, call: PveCall) => {
  const guest = theGuest(host, call, type);
  const shown = { ...row(host, guest), type, ha: { managed: 0 } };
  return answerWith(type === 'lxc' ? shown : { ...shown, qmpstatus: guest.status, ...agentOf(guest) });
};

const agentOf = (guest: Guest): object =>
  /^(?:1|enabled=1)/.test(String(configOf(guest)['agent'])) ? { agent: 1 } : {};

export const guestCalls: PveHandlers = {
  'GET /nodes/{node}/qemu': listed('qemu'),
  'GET /nodes/{node}/lxc': listed('lxc'),
  'GET /nodes/{node}/qemu/{vmid}/config': config('qemu'),
  'GET /nodes/{node}/lxc/{vmid}/config': config('lxc'),
  'GET /nodes/{node}/qemu/{vmid}/status/current': current('qemu'),
  'GET /nodes/{node}/lxc/{vmid}/status/current': current('lxc'),
};
