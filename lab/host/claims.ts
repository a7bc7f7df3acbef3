// What stands on the host when it starts: the volumes of a small cluster, who uses them, and the files in them.
export type NewClaim = Readonly<{
  namespace: string;
  claim: string;
  /** the volume's own: the Proxmox CSI driver makes `vm-9999-pvc-UUID` of it */
  uuid: string;
  /** its claim was deleted, and the volume was kept */
  released?: true;
  files: Readonly<Record<string, string>>;
}>;

export type NewUser = Readonly<{
  kind: 'Deployment' | 'StatefulSet';
  namespace: string;
  name: string;
  replicas?: number;
  claims: readonly string[];
}>;

const claim = (namespace: string, name: string, uuid: string, files: NewClaim['files']): NewClaim => ({
  ...{ namespace, claim: name, uuid, files },
});

export const claims: readonly NewClaim[] = [
  claim('vaultwarden', 'vaultwarden-data', '3f6c1f7e-52a4-4d0e-9a53-0c2f3f8f9b11', {
    'logins.csv': 'site,user,password\nbank.example,ana,correct-horse\nmail.example,ana,battery-staple\n',
  }),
  claim('nextcloud', 'nextcloud-data', 'a0b7c8d2-7a61-4f3c-8a5e-1d9f27b0c3e4', { 'notes.md': '# Seeds for spring\n' }),
  claim('forgejo', 'forgejo-data', '5be0a2f4-93d1-4c67-b2a8-6f41d0c7e915', { 'repositories.txt': 'house\ngarden\n' }),
  claim('freshrss', 'freshrss-data', 'c8d4e1b6-2f05-49ab-8c37-e0a95d1f4728', {
    'feeds.opml': '<opml version="2.0"/>\n',
  }),
  claim('actualbudget', 'actualbudget-data', '9d2a7c35-e8b4-4160-a7f9-3b5c8e2d0f64', { 'budget.csv': 'rent,900\n' }),
  claim('headscale', 'headscale-data', '71f3b9e0-4c8d-4a25-96e1-d7a0c5b28f3e', { 'nodes.txt': 'laptop\nphone\n' }),
  claim('uptime-kuma', 'uptime-kuma-data', 'e4a6d0c9-8b17-4f52-9d3e-20f7b1c6a58d', {
    'monitors.txt': 'https://example\n',
  }),
  claim('calibre-web', 'config', '2c9f5e8a-d617-4b03-85c4-f1e7a9d2b036', { 'app.ini': 'theme=dark\n' }),
  claim('calibre-web', 'library', 'b68e0d4f-1a95-4c72-a3e8-5d0c9f7b2614', { 'books.txt': 'Moby-Dick\nUlysses\n' }),
  {
    ...claim('headscale', 'headscale-old', '0f7d6c2b-a3e9-4815-8d6f-c4b20e9a71f5', { 'nodes.txt': 'laptop\n' }),
    released: true,
  },
  claim('dbaas', 'data-postgresql-0', 'd35b8f1c-6e20-4a97-b5d4-82c6f0a1e93b', { PG_VERSION: '16\n' }),
  claim('dbaas', 'data-mysql-0', '48e1c7a9-f0d2-4b6e-9c35-a7f8d2b04e61', { 'auto.cnf': '[auto]\n' }),
  claim('monitoring', 'prometheus-data', '8a2d9e6f-c5b1-4073-a84e-f9d60c1b7e25', { 'series.txt': 'up 1\n' }),
];

const deployment = (namespace: string, ...names: readonly string[]): NewUser => ({
  ...{ kind: 'Deployment', namespace, name: namespace, claims: names },
});

export const users: readonly NewUser[] = [
  deployment('vaultwarden', 'vaultwarden-data'),
  { ...deployment('nextcloud', 'nextcloud-data'), replicas: 2 },
  deployment('forgejo', 'forgejo-data'),
  deployment('freshrss', 'freshrss-data'),
  deployment('actualbudget', 'actualbudget-data'),
  deployment('headscale', 'headscale-data'),
  deployment('uptime-kuma', 'uptime-kuma-data'),
  deployment('calibre-web', 'config', 'library'),
  { kind: 'StatefulSet', namespace: 'dbaas', name: 'postgresql', claims: ['data-postgresql-0'] },
  { kind: 'StatefulSet', namespace: 'dbaas', name: 'mysql', claims: ['data-mysql-0'] },
  deployment('monitoring', 'prometheus-data'),
];
