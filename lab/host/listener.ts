// Where the host's commands ask the lab: a socket in a folder that only its owner may enter.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from './lvm/commands.ts';

export type Listener = Readonly<{ socket: string; close(): Promise<void> }>;

/** @param answer of a command, by its name and its words; one at a time, as LVM's lock has it */
export async function listen(answer: (name: string, argv: readonly string[]) => Promise<Ended>): Promise<Listener> {
  // Not in the lab's folder: the path of a socket has 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lab-host-'));
  const socket = join(folder, 'socket');
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    const pieces: Buffer[] = [];
    // Whoever asked may be killed meanwhile; what was asked for is done all the same.
    connection.on('error', () => {});
    connection.on('data', (piece) => void pieces.push(piece));
    connection.on('end', () => {
      const [name = '', ...argv] = Buffer.concat(pieces).toString('utf8').split('\0');
      answer(name, argv)
        .catch((error: unknown) => ({ exitCode: 70, stdout: '', stderr: `the lab: ${String(error)}\n` }))
        .then(({ exitCode, stdout, stderr }) => {
          connection.end(`${exitCode} ${Buffer.byteLength(stdout)}\n${stdout}${stderr}`);
        })
        .catch(() => connection.destroy());
    });
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
