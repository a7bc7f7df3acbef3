// One QEMU process: it dies with the test, by the kernel, and can be cut off like a machine whose plug is pulled.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Image } from './image.ts';

export type Disks = Readonly<{ given: string; pve: string; backup: string }>;
export type QemuOptions = Readonly<{
  image: Image;
  disks: Disks;
  log: string;
  memory: number;
  processors: number;
  port?: number | undefined;
}>;

export interface Qemu {
  readonly port: number;
  /** a command of QEMU's monitor, and what it answered */
  monitor(command: string): Promise<string>;
  /** SIGKILL: what the guest had not written to its disks is gone */
  kill(): Promise<void>;
}

// Emulated, on a machine that may have other things to do.
const patience = 240_000;
const lastLines = 15;

/** Returns when sshd listens. */
export async function startQemu(options: QemuOptions): Promise<Qemu> {
  const port = options.port ?? (await freePort());
  writeFileSync(options.log, '', { flag: 'a' });
  truncateSync(options.log);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'qemu-system-x86_64', ...argumentsOf(options, port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let says = '';
  child.stderr.on('data', (chunk) => (says += chunk));
  child.stdin.on('error', () => {});
  child.on('error', (error) => (says += error.message));
  const qemu = { port, monitor: monitorOf(child), kill: () => end(child) };
  for (const until = Date.now() + patience; !/^Server listening on 0\.0\.0\.0/m.test(consoleOf(options.log)); ) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      await end(child);
      const last = consoleOf(options.log).split('\n').slice(-lastLines).join('\n');
      throw new Error(`the machine did not start: ${says}\n${last}`);
    }
    await pause(50);
  }
  return qemu;
}

export const consoleOf = (log: string): string => readFileSync(log, 'latin1').replaceAll('\r', '');

// What makes an emulated boot quicker: no guards against hostile neighbours, no self-tests, no search for serial ports. And what
// lets it boot on a busy machine: the kernel panics where its timer does not tick in time ("IO-APIC + timer doesn't work!").
const kernelWords =
  'no_timer_check console=ttyS0 quiet panic=1 mitigations=off nokaslr audit=0 cryptomgr.notests 8250.nr_uarts=1 random.trust_cpu=on';

function argumentsOf({ image, disks, log, memory, processors }: QemuOptions, port: number): readonly string[] {
  const disk = (id: string, file: string, how: string) => [
    ...['-drive', `if=none,id=${id},format=raw,file=${file.replaceAll(',', ',,')},${how}`],
    ...['-device', `virtio-blk-pci,drive=${id},serial=${id}`],
  ];
  // What the guest has written lies in this machine's page cache, which outlives QEMU: a power cut needs no flushes to be true.
  const kept = 'cache=unsafe,discard=unmap';
  return [
    // A host that offers only a para-virtual KVM hangs with it: always emulated.
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-smp', String(processors), '-m', String(memory)],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-monitor', 'stdio', '-serial', `file:${log}`],
    ...['-kernel', image.kernel, '-initrd', image.ramDisk, '-append', kernelWords],
    ...disk('root', image.root, 'readonly=on,cache=unsafe'),
    ...disk('given', disks.given, 'readonly=on'),
    ...disk('pve', disks.pve, kept),
    ...disk('backup', disks.backup, kept),
    ...['-netdev', `user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=net0,id=card0,romfile='],
  ];
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

/** One command after the other, each answered before the next. */
function monitorOf(child: ChildProcess): Qemu['monitor'] {
  let heard = '';
  let last: Promise<unknown> = Promise.resolve();
  child.stdout?.on('data', (chunk) => (heard += chunk));
  const prompts = () => heard.split('(qemu) ').length - 1;
  const until = async (count: number) => {
    for (const over = Date.now() + patience; prompts() < count; ) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the machine is off');
      if (Date.now() > over) throw new Error('the monitor of QEMU does not answer');
      await pause(10);
    }
  };
  const ask = async (command: string) => {
    await until(1);
    heard = '(qemu) ';
    child.stdin?.write(`${command}\n`);
    await until(2);
    // It echoes what is typed, letter by letter, with terminal sequences: the answer begins after the first end of a line.
    return heard.split('(qemu) ')[1]?.split('\n').slice(1).join('\n').replaceAll('\r', '').trim() ?? '';
  };
  return (command) => {
    const asked = last.then(() => ask(command));
    last = asked.catch(() => {});
    return asked;
  };
}
