// The roles of a PVE: those every host has, and those that were made for Holdfast (facts: pve-api sections 10 and 11).
import table from './roles.json' with { type: 'json' };
import { has } from './versions.ts';

export type Roles = Record<string, readonly string[]>;

const roles: Readonly<Roles> = table;

/** PVE makes these itself: nobody can change or remove them. */
export const isBuiltIn = (role: string): boolean => /^(?:Administrator|NoAccess|PVE\w+)$/.test(role);

// One privilege stood for all that an agent does before 9.0.
const agent = /^VM\.GuestAgent\./;
const since9 = ['VM.Replicate'];

const asOf = (version: string, privileges: readonly string[]): readonly string[] => {
  if (has(version, 'guest-agent-privileges')) return privileges;
  const older = privileges.filter((one) => !agent.test(one) && !since9.includes(one));
  return privileges.includes('VM.GuestAgent.Unrestricted') ? [...older, 'VM.Monitor'] : older;
};

export const rolesOf = (version: string): Roles =>
  Object.fromEntries(Object.entries(roles).map(([role, privileges]) => [role, asOf(version, privileges)]));

export const privilegesOf = (version: string): readonly string[] => asOf(version, roles['Administrator'] ?? []);
