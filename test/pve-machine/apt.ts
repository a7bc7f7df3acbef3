// Where this machine gets its Debian packages from; the tests' machine gets its own from there.
import { execFileSync, spawnSync } from 'node:child_process';

/** Lines for mmdebstrap: this machine's release of Debian, with its updates. */
export function aptMirrors(): readonly string[] {
  const read = () =>
    execFileSync(
      'apt-get',
      ['indextargets', '--format', '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)', 'Created-By: Packages'],
      { encoding: 'utf8' },
    )
      .split('\n')
      .map((line) => line.split('|'))
      .filter(([origin, , , component]) => origin === 'Debian' && component === 'main')
      .map(([, uri, release, component]) => `deb ${uri} ${release} ${component}`);
  const known = read();
  if (known.length > 0) return known;
  // A fresh machine has no lists yet, and apt knows an origin from its lists.
  spawnSync('apt-get', ['-qq', 'update'], { stdio: 'ignore' });
  const updated = read();
  if (updated.length === 0)
    throw new Error('apt knows no Debian mirror here: is this machine a Debian one, and does it reach its mirror?');
  return updated;
}

export function aptProxies(): readonly string[] {
  const dump = execFileSync('apt-config', ['dump', 'Acquire'], { encoding: 'utf8' });
  return dump.split('\n').filter((line) => /^Acquire::https?::Proxy(::\S+)? ".+";$/i.test(line));
}
