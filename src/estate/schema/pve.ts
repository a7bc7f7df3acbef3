import * as z from 'zod';
import { connection } from './connection.ts';

export const pveServer = z
  .strictObject(connection)
  .transform((server) => ({ ...server, product: 'pve' as const }))
  .describe('a Proxmox VE host, or one host of a cluster that answers for all of it');
