// Removable stores come and go (facts: pbs-api section 4).
import { answerWith, type Outcome, type PbsCall, type PbsHandlers, type PbsHost, required } from './host.ts';
import { badRequest } from './refusal.ts';
import { datastoreNamed } from './stores.ts';

function turn(host: PbsHost, call: PbsCall, mounted: boolean): Outcome {
  const store = datastoreNamed(host, required(call.params, 'store'));
  const device = store.options['backing-device'];
  if (device === undefined) throw badRequest(`datastore '${store.name}' is not removable`);
  const { upid } = host.tasks.start({
    ...{ type: mounted ? 'mount-device' : 'unmount-device', id: store.name, user: call.user, asked: call },
    work: async ({ pass }) => {
      await pass(1);
      if (mounted && !host.state.devices.includes(String(device)))
        throw new Error(`no device with UUID ${device} found`);
      store.mounted = mounted;
      return undefined;
    },
  });
  return answerWith(upid);
}

export const mounts: PbsHandlers = {
  'POST /admin/datastore/{store}/mount': (host, call) => turn(host, call, true),
  'POST /admin/datastore/{store}/unmount': (host, call) => turn(host, call, false),
};
