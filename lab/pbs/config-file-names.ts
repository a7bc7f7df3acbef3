// The files below /etc/proxmox-backup that have a digest and a lock each.
export type ConfigFile =
  | 'datastore'
  | 'prune'
  | 'verification'
  | 'sync'
  | 'remote'
  | 'traffic-control'
  | 's3'
  | 'user'
  | 'acl'
  | 'notifications'
  | 'metricserver'
  | 'encryption-keys';
