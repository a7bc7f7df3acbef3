// A server's certificate is pinned or verified, and there is one way to log in. There is no third way, and no default.
import { isMapping, valuesAt } from '../at.ts';
import { type Path, type Remark, remark } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

export const connectionRemarks = (estate: Readonly<Mapping>): readonly Remark[] =>
  ['pve[]', 'pbs[]'].flatMap((pattern) =>
    valuesAt(estate, pattern).flatMap(({ path, value }) =>
      isMapping(value) ? [...certificate(path, value), ...loginOf(path, value)] : [],
    ),
  );

function certificate(path: Path, { fingerprint, trust }: Readonly<Mapping>): readonly Remark[] {
  if (fingerprint !== undefined && trust !== undefined)
    return [remark([...path, 'trust'], 'stands beside fingerprint; keep fingerprint, which is the stricter, or this')];
  if (fingerprint !== undefined || trust !== undefined) return [];
  const pin = 'write fingerprint: "AB:CD:..." to pin it, or trust: ca where an authority signed it';
  return [remark(path, `says neither which certificate the server must show nor who signs it; ${pin}`)];
}

function loginOf(path: Path, { token, login, identities }: Readonly<Mapping>): readonly Remark[] {
  if (login !== undefined && (token !== undefined || identities !== undefined))
    return [remark([...path, 'login'], 'stands beside a token; keep the token and remove login')];
  if (token !== undefined || login !== undefined || identities !== undefined) return [];
  const write =
    'write token: { id: USER@REALM!TOKEN, secret: { file: NAME } }, or identities with a token for each kind of work';
  return [remark(path, `has no login; ${write}`)];
}
