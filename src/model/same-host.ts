// Which names of machines and servers mean one host. Only what cannot be chance tells: this very machine, one address, one host
// key, one container. Two names of which nothing is known are two hosts.
import type { Estate, MachineEntry, SshAccess } from './estate.ts';

export type Named = Pick<Estate, 'machines'> & Partial<Pick<Estate, 'pve' | 'pbs'>>;

/** Gives the same word for every name of one host. */
export function hostsOf({ machines, pve = [], pbs = [] }: Named): (name: string) => string {
  const marks = new Map<string, readonly string[]>();
  for (const machine of machines) marks.set(machine.name, marksOf(machine));
  for (const { name, url } of [...pve, ...pbs]) {
    const host = URL.parse(url)?.hostname;
    marks.set(name, [...(marks.get(name) ?? []), ...(host ? [`address ${host.replace(/^\[(.*)\]$/, '$1')}`] : [])]);
  }
  const first = new Map<string, string>();
  const leader = (name: string): string => {
    const next = first.get(name);
    return next === undefined || next === name ? name : leader(next);
  };
  const byMark = new Map<string, string>();
  for (const [name, all] of marks)
    for (const mark of all) {
      const other = byMark.get(mark);
      if (other === undefined) byMark.set(mark, name);
      else if (leader(other) !== leader(name)) first.set(leader(name), leader(other));
    }
  return leader;
}

function marksOf(machine: MachineEntry): readonly string[] {
  if ('local' in machine) return ['this machine'];
  if ('ssh' in machine) return marksOfSsh(machine.ssh);
  if ('pct' in machine) return [`guest ${machine.pct.guest} of ${machine.pct.on}`];
  if ('docker' in machine) return [`container ${machine.docker.container} of ${machine.docker.on}`];
  const { cluster, namespace, pod, selector, container } = machine.kubectl;
  return [`pod ${[cluster, namespace, pod ?? selector, container].join(' ')}`];
}

/** Another port may be another host behind one router; its host key then tells. */
function marksOfSsh({ host, port, host_key, jump }: SshAccess): readonly string[] {
  const through = jump === undefined ? '' : ` through ${jump}`;
  return [`key ${host_key}`, `address ${host.toLowerCase()}${port === 22 ? '' : `:${port}`}${through}`];
}
