// A machine of which one folder lies on an encrypted disk, /run is memory, /etc/pve is what pmxcfs makes up (/dev/fuse), and everything else lies in the clear, as df, findmnt and
// lsblk say it.
import type { Machine } from '../../machines/machine.ts';

const safe = '/dev/mapper/safe';

export function withEncrypted(machine: Machine, folder: string): Machine {
  const device = (path: string) =>
    path === '/etc/pve' ? '/dev/fuse' : path === folder || path.startsWith(`${folder}/`) ? safe : '/dev/sda1';
  const answers: readonly (readonly [asked: string, answer: (of: readonly string[]) => string])[] = [
    ['df --output=source --', (paths) => ['Filesystem', ...paths.map(device), ''].join('\n')],
    [
      'findmnt --noheadings --raw --output FSTYPE,SOURCE --target',
      ([path = '']) => (path.startsWith('/run') ? 'tmpfs tmpfs\n' : `ext4 ${device(path)}\n`),
    ],
    [
      'lsblk --inverse --noheadings --raw --output TYPE --',
      (devices) =>
        devices
          .filter((one) => one !== '/dev/fuse')
          .map((one) => (one === safe ? 'crypt\npart\ndisk\n' : 'part\ndisk\n'))
          .join(''),
    ],
  ];
  return {
    ...machine,
    run: async (argv, options) => {
      for (const [asked, answer] of answers) {
        const words = asked.split(' ');
        if (argv.slice(0, words.length).join(' ') !== asked) continue;
        const of = argv.slice(words.length);
        return { stdout: answer(of), stderr: '', exitCode: of.includes('/dev/fuse') ? 64 : 0, signal: undefined };
      }
      return machine.run(argv, options);
    },
  };
}
