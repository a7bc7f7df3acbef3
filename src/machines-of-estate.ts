// The machines of an estate, each made at its first use, and one of each for the whole of a run. What lies behind another
// machine is entered from there.
import { randomBytes } from 'node:crypto';
import { asFault, Fault } from './fault.ts';
import { machineLater } from './machines/later.ts';
import type { Opening } from './machines/line.ts';
import { type Entrance, localMachine } from './machines/local.ts';
import type { Machine, RsyncOnly } from './machines/machine.ts';
import type { SshMachine } from './machines/ssh.ts';
import type { Connections, KubernetesEntry, MachineEntry, RsyncAccess } from './model/estate.ts';
import type { RunId } from './model/run.ts';
import type { Clock } from './values/instant.ts';
import type { Secret } from './values/secret.ts';
import type { SecretReference } from './values/secret-reference.ts';

export type Given = Readonly<{
  clock: Clock;
  run: RunId | undefined;
  connections: Pick<Connections, 'machines' | 'kubernetes'>;
  secret(reference: SecretReference, audience: string): Promise<Secret>;
}>;

export interface Machines extends AsyncDisposable {
  readonly local: Machine;
  machine(name: string): Machine;
  /**
   * ends what carries the run's id on the machines that are not this one
   *
   * @returns what was not reached, in words
   * @throws Fault `command-stays`
   */
  endLeftovers(run: RunId): Promise<readonly string[]>;
}

type Made = Machine & Entrance & Partial<Pick<SshMachine, 'onward' | 'endLeftovers'>>;

export function machinesOf(given: Given): Machines {
  const { clock, run, connections } = given;
  const local = localMachine({ name: 'local', clock, run });
  const world = randomBytes(6).toString('hex');
  const known = new Map<string, Machine>();
  const made = new Map<string, Promise<Made>>();
  const open: AsyncDisposable[] = [];
  const noted = <One extends AsyncDisposable>(machine: One): One => {
    open.push(machine);
    return machine;
  };
  const own = (name: string) => ({ name, clock, run, world });
  const entryOf = (name: string): MachineEntry => {
    const entry = connections.machines.find((one) => one.name === name);
    if (entry !== undefined) return entry;
    throw unknown('machine', name, 'declare it under `machines`');
  };
  const make = (name: string): Promise<Made> => {
    const making = made.get(name) ?? makeOne(entryOf(name));
    made.set(name, making);
    // What could not be made (a secret that is not there) may be the next time.
    making.catch(() => made.delete(name));
    return making;
  };
  const makeOne = async (entry: MachineEntry): Promise<Made> => {
    const { name } = entry;
    if ('local' in entry) {
      const { commands_in } = entry;
      return commands_in === undefined
        ? { ...local, name }
        : localMachine({ name, clock, run, commandsIn: commands_in });
    }
    if ('ssh' in entry && entry.ssh.gate !== undefined) {
      const { gated } = await import('./gate-of-estate.ts');
      const { jump } = entry.ssh;
      const through = jump === undefined ? undefined : reachingOn(jump, await make(jump));
      return noted(gated({ ...own(name), local, secret: given.secret }, entry.ssh, entry.ssh.gate, through));
    }
    if ('ssh' in entry && entry.ssh.rsync !== undefined) {
      const { rsyncOnlyMachine } = await import('./machines/rsync-only.ts');
      const { host, port, user, host_key, jump, rsync } = entry.ssh;
      const audience = `${host}:${port}`;
      return rsyncOnlyMachine({
        ...{ name, local, address: { host, port, user, hostKey: host_key }, serves: servedBy(rsync) },
        key: async (which) => {
          const reference = rsync[which];
          if (reference === undefined) throw withoutServing(name, which);
          return (await given.secret(reference, audience)).revealTo(audience);
        },
        jump: jump === undefined ? undefined : reachingOn(jump, await make(jump)),
      });
    }
    if ('ssh' in entry) {
      const { host, port, user, key, host_key, jump } = entry.ssh;
      const { sshMachine } = await import('./machines/ssh.ts');
      const audience = `${host}:${port}`;
      const machine = sshMachine({
        ...{ ...own(name), local, address: { host, port, user, hostKey: host_key } },
        key: async () => {
          if (key === undefined) throw withoutKey(name);
          return (await given.secret(key, audience)).revealTo(audience);
        },
        jump: jump === undefined ? undefined : reachingOn(jump, await make(jump)),
      });
      return noted(machine);
    }
    const { on, opening } = await insideOf(entry, connections.kubernetes);
    const outer = await make(on);
    const { remoteMachine } = await import('./machines/remote.ts');
    return noted(remoteMachine({ ...own(name), begin: outer.begin, opening: () => opening(outer) }));
  };
  return {
    local,
    machine: (name) => {
      const machine = known.get(name) ?? machineLater(name, () => make(name), knownOf(entryOf(name)));
      known.set(name, machine);
      return machine;
    },
    endLeftovers: async (run) => {
      const others = connections.machines.filter((entry) => !('local' in entry));
      const unreached = await Promise.all(
        others.map(async ({ name }) => {
          try {
            await (await make(name)).endLeftovers?.(run);
            return [];
          } catch (error) {
            const fault = asFault(error, name);
            if (fault.code === 'command-stays') throw fault;
            return [`${name} was not reached, something of the run may go on there: ${fault.says}`];
          }
        }),
      );
      return unreached.flat();
    },
    [Symbol.asyncDispose]: async () => {
      // What was entered from another machine goes before it.
      await Promise.allSettled(made.values());
      for (const one of open.reverse()) await one[Symbol.asyncDispose]();
    },
  };
}

type Inside = Exclude<MachineEntry, { local: true } | { ssh: unknown }>;

type Entered = Readonly<{ on: string; opening(outer: Machine): Promise<Opening> }>;

async function insideOf(entry: Inside, clusters: readonly KubernetesEntry[]): Promise<Entered> {
  const { enterContainer, enterGuest, enterPod, openingBy, podWith } = await import('./machines/entered.ts');
  const { name } = entry;
  if ('pct' in entry) {
    const { on, guest } = entry.pct;
    return { on, opening: async () => openingBy(enterGuest(guest), name, `the container ${guest} of ${on}`) };
  }
  if ('docker' in entry) {
    const { on, container } = entry.docker;
    return {
      on,
      opening: async () => openingBy(enterContainer(container), name, `the container ${container} of ${on}`),
    };
  }
  const { cluster, namespace, selector = '', container } = entry.kubectl;
  const known = clusters.find((one) => one.name === cluster);
  if (known === undefined) throw unknown('cluster', cluster, 'declare it under `kubernetes`');
  const { machine: on, kubectl, kubeconfig, context } = known;
  const asked = { kubectl, kubeconfig, context };
  const opening = async (outer: Machine): Promise<Opening> => {
    // A pod that is made anew has another name: it is asked for with each new line.
    const pod = entry.kubectl.pod ?? (await podWith(outer, { ...asked, namespace, selector }, name));
    const enter = enterPod({ ...asked, namespace, pod, container });
    return openingBy(enter, name, `the pod ${pod} in ${namespace} of ${cluster}`);
  };
  return { on, opening };
}

function reachingOn(name: string, machine: Made): Pick<SshMachine, 'onward'> {
  const { onward } = machine;
  if (onward !== undefined) return { onward };
  throw new Fault('jump-not-ssh', {
    where: name,
    says: 'it is named as a jump host, and is not reached by ssh itself',
    remedy: 'name a machine with `ssh` under `jump`',
    exit: 'invalid',
  });
}

const servedBy = ({ root, read, append }: RsyncAccess): RsyncOnly => ({
  ...{ root, reads: read !== undefined, appends: append !== undefined },
});

function knownOf(entry: MachineEntry): Pick<Machine, 'knowsWords' | 'rsyncOnly'> {
  if (!('ssh' in entry)) return {};
  const { gate, rsync } = entry.ssh;
  if (rsync !== undefined) return { knowsWords: true, rsyncOnly: servedBy(rsync) };
  return gate === undefined ? {} : { knowsWords: true };
}

const withoutServing = (name: string, which: 'read' | 'append'): Fault =>
  new Fault('ssh-key-missing', {
    where: name,
    says: `the estate gives no key that may ${which === 'read' ? 'read' : 'add'} there`,
    remedy: `write it as \`rsync: { ${which}: { file: ... } }\` of the machine`,
    exit: 'invalid',
  });

const withoutKey = (name: string): Fault =>
  new Fault('ssh-key-missing', {
    where: name,
    says: 'the estate gives no `key` for it, only those of its gate',
    remedy:
      'write the key of root there while the gate is installed; or install it on the machine itself, with `--here`',
    exit: 'invalid',
  });

const unknown = (what: string, name: string, remedy: string): Fault =>
  new Fault(`${what}-unknown`, {
    where: name,
    says: `the estate has no ${what} of that name`,
    remedy,
    exit: 'invalid',
  });
