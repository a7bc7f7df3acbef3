// Commands over ssh, one after the other through a machine of Holdfast, against bare multiplexed `ssh` over the same open
// connection to the same sshd on loopback. What a machine does beside: it is killed with its worker, its end is told from the
// end of the connection, its arguments are proof against any login shell.
import { spawnSync } from 'node:child_process';
import { localMachine } from '../src/machines/local.ts';
import { sshMachine } from '../src/machines/ssh.ts';
import { cannotServe, startSshd } from '../src/machines/sshd.test-support.ts';
import { systemClock as clock } from '../src/values/instant.ts';
import { paired, type Row, timed } from './bench.ts';

const commands = 20;
const rounds = 7;

export async function sshRows(): Promise<readonly Row[]> {
  if (cannotServe() !== false) {
    console.error('ssh is left out: it needs root, as sshd does');
    return [];
  }
  const sshd = await startSshd();
  try {
    const address = { host: '127.0.0.1', port: sshd.port, user: 'root', hostKey: sshd.hostKey };
    const local = localMachine({ name: 'local', clock });
    await using machine = sshMachine({
      ...{ name: 'there', clock, world: 'bench', local, address, key: async () => sshd.key },
    });
    const control = await machine.control();
    const bare = ['-F', 'none', '-S', control, '127.0.0.1', 'true'];
    const { ours, peer } = await paired(
      rounds,
      () =>
        timed(async () => {
          for (let nth = 0; nth < commands; nth += 1) await machine.run(['true']);
        }),
      () =>
        timed(() => {
          for (let nth = 0; nth < commands; nth += 1) ended(spawnSync('ssh', bare).status);
        }),
    );
    const rate = (milliseconds: number) => `${((commands * 1000) / milliseconds).toFixed(1)}/s`;
    return [
      {
        ...{ name: 'commands over ssh', ratio: ours / peer, limit: 1.3 },
        ...{ ours: rate(ours), peer: `ssh -S: ${rate(peer)}` },
        extra: `median of ${rounds} rounds of ${commands}`,
      },
    ];
  } finally {
    await sshd.stop();
  }
}

function ended(status: number | null): void {
  if (status !== 0) throw new Error(`bare ssh ended with ${status}`);
}
