// A command in a pod, run with nothing of the caller's environment. As with the real one, it does not end because kubectl does.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Inside } from '../../../lab/host/kubectl/exec.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export async function runInside({ argv, cwd, warning, stdin }: Inside): Promise<number> {
  const [program = '', ...args] = argv;
  process.stderr.write(warning);
  const there = program.includes('/')
    ? existsSync(program)
    : path.split(':').some((one) => existsSync(join(one, program)));
  if (!there) {
    const why = program.includes('/')
      ? `stat ${program}: no such file or directory`
      : 'executable file not found in $PATH';
    process.stderr.write(
      `error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${why}: unknown\n`,
    );
    return 1;
  }
  const child = spawn(program, args, {
    cwd,
    env: { PATH: path, HOME: '/root', HOSTNAME: cwd.split('/').at(-2) ?? '' },
    detached: true,
    stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  // Through pipes of our own, as a stream of the API server is: when kubectl is gone, the command meets a closed pipe at most.
  child.stdout?.pipe(process.stdout);
  child.stderr?.pipe(process.stderr);
  child.stdin?.on('error', () => {});
  if (child.stdin !== null) process.stdin.pipe(child.stdin);
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(126));
    child.on('close', (exit, signal) => resolve(signal === null ? (exit ?? 0) : 137));
  });
  process.stdin.destroy();
  if (code !== 0) process.stderr.write(`command terminated with exit code ${code}\n`);
  return code;
}
