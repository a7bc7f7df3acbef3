import { type CommandLine, isOn } from './arguments.ts';
import { Refused } from './refused.ts';
import type { State } from './store.ts';

export const versionFlags = { client: 'switch', output: 'value' } as const;

const build = (gitVersion: string) => ({
  major: '1',
  minor: '31',
  gitVersion,
  gitCommit: '8f3800390d488f54f74111f22973059e133f9cba',
  gitTreeState: 'clean',
  buildDate: '2025-05-15T09:17:16Z',
  goVersion: 'go1.23.8',
  compiler: 'gc',
  platform: 'linux/amd64',
});

export function version(state: State | undefined, line: CommandLine) {
  const output = line.values.get('output');
  if (output !== undefined && output !== 'json')
    throw new Refused("error: --output must be 'yaml' or 'json'", output === 'yaml' ? 64 : 1);
  const server = state === undefined || isOn(line, 'client') ? {} : { serverVersion: build('v1.31.4') };
  const all = { clientVersion: build('v1.31.9'), kustomizeVersion: 'v5.4.2', ...server };
  const rows = ['Client Version: v1.31.9', 'Kustomize Version: v5.4.2'];
  if ('serverVersion' in server) rows.push('Server Version: v1.31.4');
  const stdout = output === 'json' ? `${JSON.stringify(all, undefined, 2)}\n` : `${rows.join('\n')}\n`;
  return { stdout, stderr: '', exitCode: 0 };
}
