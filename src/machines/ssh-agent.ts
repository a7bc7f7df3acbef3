// An agent of our own for one private key, and only while a connection is being opened. The key comes by its standard input:
// it is in no file, in no argument and in no environment.
import { Fault } from '../fault.ts';
import { seconds } from '../values/duration.ts';
import { cut, shown } from '../values/text.ts';
import type { Commands } from './commands.ts';
import type { Entrance } from './local.ts';

export type Agent = Readonly<{ socket: string; close(): Promise<void> }>;

/**
 * ssh-agent is set-group-id (ssh-agent(1)), for which the kernel forgets that it should die with its worker: what it runs
 * ends it when our end of the pipe is closed, and that is closed by our death, too. The key is forgotten after a while anyway.
 */
const untilClosed = 'echo "$SSH_AGENT_PID"; cat >/dev/null; kill "$SSH_AGENT_PID"';

export async function openAgent(
  local: Entrance & Commands,
  where: string,
  socket: string,
  key: string,
): Promise<Agent> {
  const begun = await local.begin(['ssh-agent', '-a', socket, 'sh', '-c', untilClosed], {}, 'pipe');
  begun.input?.on('error', () => {});
  const close = async () => {
    begun.input?.end();
    await begun.ended.catch(() => {});
  };
  let said = '';
  begun.errors.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await Promise.race([new Promise((resolve) => begun.output.once('data', resolve)), begun.ended.catch(() => {})]);
  try {
    const { exitCode, stderr } = await local.run(['ssh-add', '-q', '-t', '300', '-'], {
      input: `${key.trimEnd()}\n`,
      env: { SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: 'never' },
      deadline: seconds(20),
    });
    if (exitCode !== 0) throw unusable(where, said + stderr);
  } catch (error) {
    await close();
    throw error;
  }
  return { socket, close };
}

const unusable = (where: string, says: string): Fault =>
  new Fault('ssh-key-unusable', {
    where,
    says: `ssh-add does not take its private key: ${cut(shown(says.trim()), 300)}`,
    remedy:
      'give the whole private key, in the form of ssh-keygen and without a passphrase (`ssh-keygen -p` removes it)',
  });
