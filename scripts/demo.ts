// `npm run demo`: the guided first look. Everything it shows is typed as an operator would type it, against simulated servers;
// as root it also protects, wrecks and brings back a real disk image and a real share. Whatever it claims, it checks.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accident } from './demo/accident.ts';
import { declared } from './demo/declared.ts';
import { diskImage } from './demo/disk-image.ts';
import { share } from './demo/share.ts';
import { type Simulated, simulated } from './demo/simulated.ts';
import { type Teller, teller } from './demo/teller.ts';
import { volumes } from './demo/volumes.ts';
import { withLargeGuest } from './demo/wish.ts';

async function tour(tell: Teller, servers: Simulated): Promise<void> {
  found(tell, servers);
  declared(tell, servers);
  await accident(tell, servers);
  refused(tell, servers);
  await volumes(tell, servers);
  tell.chapter('A disk image: protected, wrecked, brought back');
  if (process.getuid?.() === 0) diskImage(tell, servers.folder);
  else tell.say('Left out: the image has to be mounted, and that needs root. Run the demo as root to see it.');
  tell.chapter('A share, and a night with ransomware');
  if (process.getuid?.() === 0) await share(tell, servers.folder);
  else tell.say('Left out: owners are kept, and that needs root.');
  tell.say('Everything that was done stands in a journal: what ran, when, and how it ended.');
  tell.type(['runs']);
}

function found({ chapter, say, type, show, demand }: Teller, { folder, writes }: Simulated): void {
  chapter('What is there?');
  say(
    'Somebody set these servers up by hand. What backs up where, does it run, how full is the disk? Asking changes nothing.',
  );
  type(['--estate', 'connections.yaml', 'status']);
  demand(writes() === 0, 'the servers were only asked');
  say(
    'The same as a file, to read, to keep in git, to compare with tomorrow. By hand this is four web pages a server; here it is one command.',
  );
  type(['--estate', 'connections.yaml', 'import', '--out', 'as-it-is.yaml']);
  say('The backup jobs in that file, for instance: one is switched off, one somebody made by hand.');
  const text = readFileSync(join(folder, 'as-it-is.yaml'), 'utf8');
  show(text.slice(text.indexOf('\nbackup_jobs:') + 1));
  say('Is the file true? A plan compares it with the servers, and would list each difference.');
  const plan = type(['--estate', 'as-it-is.yaml', 'plan', '--detailed-exitcode'], { only: [/as declared\.$/] });
  demand(/^No changes; [1-9]\d* as declared\.$/m.test(plan), 'what was written down is what runs, to the last option');
}

function refused({ chapter, say, type, demand }: Teller, { folder, writes }: Simulated): void {
  chapter('A backup that cannot work is refused before it fails');
  const [estate, before] = [join(folder, 'estate.yaml'), writes()];
  const text = readFileSync(estate, 'utf8');
  say(
    'A guest with a 500 GB disk gets a job of its own, and during the backup its writes go to a disk of the host (`fleecing`). That disk has 375 GB. Proxmox would take the job, and the backup would fail at night; Holdfast does not take it.',
  );
  writeFileSync(estate, withLargeGuest(text, true));
  const no = type(['plan'], { exit: 1, only: [/^ {2}! .*staging/, /^ {6}fleecing of/, /^ {6}do this/, /refused\.$/] });
  demand(/500 GiB/.test(no) && /375 GiB/.test(no), 'it says how much is needed, and how much there is');
  say('Without that detour nothing is stored on the host, and the same job is fine.');
  writeFileSync(estate, withLargeGuest(text, false));
  const yes = type(['plan'], { only: [/^ {2}\+ /, /^1 to create/] });
  demand(!/cannot be done/.test(yes), 'what needs no room is not refused');
  writeFileSync(estate, text);
  demand(writes() === before, 'all this was only asked; the estate file is as before');
}

// Ctrl-C reaches the command that runs and the lab as well: both end, and the demo cleans up after them.
process.on('SIGINT', () => {});
const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
const began = performance.now();
let servers: Simulated | undefined;
try {
  const lab = join(folder, 'lab');
  const tell = teller(lab, join(folder, 'state'));
  tell.say(
    'Proxmox VE (PVE) is a server that runs virtual machines and containers, its guests. Proxmox Backup Server (PBS) keeps their backups. Three PVE hosts and two PBS are simulated here, on this machine: real HTTPS, strict answers, made-up guests. Holdfast treats them like yours. Each command is typed as it stands here, but for --state FOLDER, which keeps its journal off your machine; nothing is left behind.',
  );
  servers = await simulated(lab);
  await tour(tell, servers);
  tell.chapter('And now?');
  tell.say(
    `That was Holdfast, in ${Math.round((performance.now() - began) / 1000)} seconds. The same servers to play with: bin/holdfast lab --dir /tmp/lab. On a Proxmox host of yours, as root, without changing anything: holdfast doctor. From there to an estate of your own: docs/guides/first-estate.md.`,
  );
} catch (error) {
  console.error(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await servers?.stop();
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
