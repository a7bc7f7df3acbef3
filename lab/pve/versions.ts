// What differs between the versions of PVE that the lab can be (facts: the marks [V x.y] in pve-api).

const since = {
  /** the text of an error stands in the body, not only in the reason phrase */
  'error-text-in-body': '8.3',
  /** `maxfiles` is gone */
  'no-maxfiles': '9.0',
  'guest-memory-on-host': '9.0',
  'vzdump-stop-needs-sys-modify': '9.2',
} as const;

export function has(version: string, feature: keyof typeof since): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = since[feature].split('.').map(Number);
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor;
}
