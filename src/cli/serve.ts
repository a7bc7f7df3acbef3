// `serve`: the daemon. It starts what is due until it is told to stop; its log is on the errors' side, one plain line a thing.
import { notifier } from '../daemon/notify.ts';
import { serve as watch } from '../daemon/serve.ts';
import { defaultListen, listenAddress } from '../http/listen-address.ts';
import { metricsService } from '../http/metrics-service.ts';
import { localMachine } from '../machines/local.ts';
import { backupJobsNow } from '../observed/backup-jobs-now.ts';
import { count, shown } from '../values/text.ts';
import type { ServeAnswer } from './answers.ts';
import { type Command, optionText } from './command.ts';
import { open } from './open.ts';

export const serve: Command<ServeAnswer> = {
  name: 'serve',
  says: 'start jobs when they are due, until it is told to stop',
  run: async (invocation) => {
    const { surroundings } = invocation;
    const services =
      invocation.options['metrics'] === false
        ? []
        : [metricsService(listenAddress(optionText(invocation, 'metrics') ?? defaultListen))];
    const since = surroundings.clock.now();
    const say = (line: string) => invocation.say(shown(line));
    // What `open` says to a person of interrupted runs, the daemon says when it has settled them.
    const quiet = { ...invocation, say: () => {} };
    const started = await watch({
      ...{ say, services },
      open: () => open(quiet),
      notify: notifier(
        localMachine({ name: 'this machine', clock: surroundings.clock }),
        surroundings.env['NOTIFY_SOCKET'],
        say,
      ),
      elsewhere: async ({ holdfast, estate }, jobs) => {
        await using world = holdfast.world(estate);
        return await backupJobsNow(world, estate, jobs);
      },
    });
    const until = surroundings.clock.now();
    return {
      exit: 'fine',
      value: { since, until, started },
      text: `Stopped; it had started ${count(started, 'run')}.\n`,
    };
  },
};
