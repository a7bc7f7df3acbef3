// The kubeconfig: written in JSON, which is YAML, in the shape of a real one. The cluster's folder stands in an extension of its
// cluster entry, where clients may keep what is theirs.
import { readFileSync, statSync } from 'node:fs';
import type { CommandLine } from './arguments.ts';
import { Refused } from './refused.ts';
import type { Request } from './request.ts';

type Named<What extends string, Body> = Readonly<{ name: string } & { [key in What]: Body }>;
export type Kubeconfig = Readonly<{
  apiVersion: 'v1';
  kind: 'Config';
  'current-context': string;
  clusters: readonly Named<
    'cluster',
    Readonly<{ server: string; extensions: readonly Readonly<{ name: string; extension: { folder: string } }>[] }>
  >[];
  users: readonly Named<'user', object>[];
  contexts: readonly Named<'context', Readonly<{ cluster: string; user: string; namespace?: string | undefined }>>[];
}>;

function kubeconfig(file: string | undefined): Kubeconfig {
  if (file === undefined || file === '')
    throw new Refused('this fake kubectl needs --kubeconfig, or KUBECONFIG in its environment', 64);
  try {
    statSync(file);
  } catch {
    throw new Refused(`error: stat ${file}: no such file or directory`);
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kubeconfig;
  } catch (error) {
    throw new Refused(`error: error loading config file "${file}": ${error instanceof Error ? error.message : error}`);
  }
}

export function requestOf(line: CommandLine, environment: string | undefined): Request {
  const timeout = milliseconds(line.values.get('request-timeout') ?? '0');
  const config = kubeconfig(line.values.get('kubeconfig') ?? environment);
  const wanted = line.values.get('context') ?? config['current-context'];
  const context = config.contexts.find(({ name }) => name === wanted)?.context;
  if (context === undefined)
    throw new Refused(`Error in configuration: context was not found for specified context: ${wanted}`);
  const cluster = config.clusters.find(({ name }) => name === context.cluster)?.cluster;
  const folder = cluster?.extensions[0]?.extension.folder;
  if (cluster === undefined || folder === undefined)
    throw new Refused(`error: cluster "${context.cluster}" does not exist`);
  const namespace = line.values.get('namespace') || (context.namespace ?? 'default');
  return { folder, namespace, timeout, server: cluster.server };
}

function milliseconds(text: string): number {
  const units: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const [, amount, unit = ''] = /^(\d+)(ms|s|m|h)?$/.exec(text) ?? [];
  if (amount === undefined)
    throw new Refused(
      'error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)',
    );
  return Number(amount) * (units[unit] ?? 1000);
}
