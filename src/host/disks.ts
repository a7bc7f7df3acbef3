// The disks of a guest's file on this host are read as those of its config elsewhere.
export { disksIn, sizeIn } from '../proxmox/guest-disks.ts';
