// Every layer there is: the only file that knows them all.
import type { LayerKind } from '../contracts/layer.ts';
import { command } from './command/layer.ts';
import { diskImage } from './disk-image/layer.ts';
import { etcd } from './etcd/layer.ts';
import { files } from './files/layer.ts';
import { hostConfig } from './host-config/layer.ts';
import { lvmThin } from './lvm-thin/layer.ts';
import { mirror } from './mirror/layer.ts';
import { mysql } from './mysql/layer.ts';
import { offsite } from './offsite/layer.ts';
import { pfsense } from './pfsense/layer.ts';
import { postgres } from './postgres/layer.ts';
import { redis } from './redis/layer.ts';
import { sqlite } from './sqlite/layer.ts';
import { vault } from './vault/layer.ts';
import { vaultwarden } from './vaultwarden/layer.ts';

export const layers = [
  command,
  diskImage,
  etcd,
  files,
  hostConfig,
  lvmThin,
  mirror,
  mysql,
  offsite,
  pfsense,
  postgres,
  redis,
  sqlite,
  vault,
  vaultwarden,
] as const satisfies readonly LayerKind[];
