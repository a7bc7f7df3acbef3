// The connections to a gate: OpenSSH, one for each role's key, each with several requests at once.
import { join } from 'node:path';
import type { Opening } from '../line.ts';
import type { Ssh } from '../ssh.ts';
import { openAgent } from '../ssh-agent.ts';
import { sshFault } from '../ssh-faults.ts';
import { masterCommand, sessionCommand } from '../ssh-options.ts';
import type { Role } from './table.ts';

export type GateSsh = Pick<Ssh, 'name' | 'local' | 'address' | 'jump'> &
  Readonly<{
    /** the private key of the role, asked for at each connection */
    key(role: Role): Promise<string>;
    /** a private folder with known_hosts, as for any connection of ours */
    folder(): Promise<string>;
  }>;

const room = 8;
let connections = 0;

export async function gateOpening(
  { name, local, address, jump, key, folder: made }: GateSsh,
  role: Role,
): Promise<Opening> {
  const folder = await made();
  connections += 1;
  const control = join(folder, `g${connections}`);
  const proxy = await jump?.onward();
  const agent = await openAgent(local, name, join(folder, `b${connections}`), await key(role));
  const keep = (ready: string) => JSON.stringify({ verb: 'keep', args: [ready] });
  return {
    ...{ control, room },
    keep: (_, ready) => masterCommand(address, { folder, control, agent: agent.socket, proxy }, keep(ready)),
    enter: (request) => sessionCommand(address, control, request),
    refused: (says) => sshFault(`${name}, ${role} key`, address, says),
    opened: () => agent.close(),
  };
}
