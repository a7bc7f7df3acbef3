// Why a Vaultwarden could not be copied.
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';

export const damaged = (path: string, says: string): Fault =>
  new Fault('database-damaged', {
    where: shown(path),
    says: `SQLite says that it is not sound: ${says}; no point was made, and none was removed`,
    remedy: 'stop Vaultwarden before it writes more into it, and restore the newest point (`holdfast points`)',
  });

export const notCopied = (path: string, says: string): Fault =>
  new Fault('database-not-copied', {
    where: shown(path),
    says: `${says}; no point was made, and none was removed`,
    remedy:
      'sqlite3 and perl must be on `machine` (a container of Vaultwarden has neither: read the folder from its node); see the log of the run',
  });

export const withoutDatabase = (data: string): Fault =>
  new Fault('no-databases', {
    where: shown(data),
    says: 'there is no db.sqlite3 in it; no point was made, and none was removed',
    remedy:
      'see whether its disk is mounted; a Vaultwarden whose DATABASE_URL names a server has its data there (layers postgres, mysql)',
  });

export const folderMissing = (folder: string): Fault =>
  new Fault('folder-missing', {
    where: shown(folder),
    says: 'there is no such folder; nothing was copied, and nothing was removed',
    remedy: 'mount the disk it lies on, or correct `data` in the estate',
  });

export const notRead = (where: string, says: string): Fault =>
  new Fault('item-incomplete', {
    where: shown(where),
    says,
    remedy: 'see why it cannot be read; no point was made, and the older ones are still there',
  });
