// The lab's kubectl as a program of its own, for tests that start one; commands in pods, too.
import { kubectl } from '../../../lab/host/kubectl/kubectl.ts';
import { runInside } from './run-inside.ts';

const { stdout, stderr, exitCode, inside } = await kubectl(process.argv.slice(2), process.env['KUBECONFIG']);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = inside === undefined ? exitCode : await runInside(inside);
