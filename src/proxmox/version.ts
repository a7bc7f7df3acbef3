import { type CallOptions, type ProxmoxApi, path } from './api.ts';
import { name, row, text } from './decode.ts';
import { parseVersion, type Version } from './features.ts';

/** PVE says `version: 9.1.2`, PBS `version: 4.2, release: 3` for the same thing. */
export async function versionOf(api: ProxmoxApi, options: CallOptions = {}): Promise<Version> {
  const data = row(api, 'version', (await api.get(path`/version`, {}, options)).data);
  const version = name(api, 'version', data, 'version');
  const release = api.product === 'pbs' ? text(data.release) : undefined;
  return parseVersion(release === undefined ? version : `${version}.${release}`);
}
