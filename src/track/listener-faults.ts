// What a listener that cannot go on said, and what to do.
import { Fault } from '../fault.ts';

export function listenerFault(folder: string, code: string, says: string): Fault {
  const where = folder;
  switch (code) {
    case 'no-watches-left':
      return new Fault('watches-exhausted', {
        ...{ where, says },
        remedy:
          'raise it: `sysctl fs.inotify.max_user_watches=NUMBER`, also in /etc/sysctl.d; as root, fanotify needs no watch in each folder',
      });
    case 'no-fanotify':
      return new Fault('fanotify-refused', {
        ...{ where, says },
        remedy:
          'run it as root on Linux 5.9 or later, on a file system that has handles; or let it take --listener inotify',
      });
    default:
      return new Fault('listener-unable', {
        ...{ where, says },
        remedy:
          'track this folder on a machine with amd64 or arm64, or leave the journal out: the layers look through everything then',
      });
  }
}
