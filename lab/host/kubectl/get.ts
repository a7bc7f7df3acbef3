import { type CommandLine, isOn } from './arguments.ts';
import type { Item } from './objects.ts';
import { Refused } from './refused.ts';
import { type Request, refusalOf } from './request.ts';
import { groupedPlural, groupedSingular, type Resource, resourceNamed } from './resources.ts';
import { all, find, type State } from './store.ts';

export const getFlags = {
  'all-namespaces': 'switch',
  output: 'value',
  selector: 'value',
  'ignore-not-found': 'switch',
  'chunk-size': 'value',
  'field-selector': 'unplayed',
  filename: 'unplayed',
  'no-headers': 'unplayed',
  'show-labels': 'unplayed',
  subresource: 'unplayed',
  raw: 'unplayed',
  watch: 'unplayed',
} as const;

type Wanted = Readonly<{ resource: Resource; name: string | undefined }>;
type Answer = Readonly<{ stdout: string; stderr: string; exitCode: number }>;

const allowedFormats =
  'custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml';

export function get(state: State, line: CommandLine, request: Request): Answer {
  const output = line.values.get('output') ?? '';
  if (!allowedFormats.split(',').includes(output.replace(/=.*/s, '')) && output !== '')
    throw new Refused(
      `error: unable to match a printer suitable for the output format "${output}", allowed formats are: ${allowedFormats}`,
    );
  if (!['json', 'name'].includes(output))
    throw new Refused(`this fake kubectl prints -o json and -o name, not ${output === '' ? 'tables' : output}`, 64);
  const wanted = wantedOf([...line.operands, ...(line.after ?? [])]);
  const everywhere = isOn(line, 'all-namespaces');
  if (everywhere && wanted.some(({ name }) => name !== undefined))
    throw new Refused('error: a resource cannot be retrieved by name across all namespaces');

  const items: Item[] = [];
  const problems: string[] = [];
  for (const { resource, name } of wanted) {
    const namespace = resource.namespaced && !everywhere ? request.namespace : undefined;
    const refusal = refusalOf(state, name === undefined ? 'list' : 'get', resource, namespace, name);
    if (refusal !== undefined) problems.push(refusal);
    else if (name === undefined) items.push(...listed(state, resource, namespace, line.values.get('selector')));
    else {
      const item = find(state, resource, request.namespace, name);
      if (item !== undefined) items.push(item);
      else if (!isOn(line, 'ignore-not-found'))
        problems.push(`Error from server (NotFound): ${groupedPlural(resource)} "${name}" not found`);
    }
  }
  const single = wanted.length === 1 && wanted[0]?.name !== undefined;
  const nothing = items.length === 0 && (single || isOn(line, 'ignore-not-found'));
  const stdout =
    output === 'name' ? items.map(named).join('') : nothing ? '' : printed(single ? items[0] : listOf(items));
  return { stdout, stderr: problems.map((one) => `${one}\n`).join(''), exitCode: problems.length === 0 ? 0 : 1 };
}

function wantedOf([first, ...names]: readonly string[]): readonly Wanted[] {
  if (first === undefined)
    throw new Refused(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee \'kubectl get -h\' for help and examples',
    );
  if (first.includes('/'))
    return [first, ...names].map((each) => {
      const [type = '', name] = each.split('/');
      if (name === undefined)
        throw new Refused(
          `error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'`,
        );
      return { resource: resourceNamed(type), name };
    });
  const asked: readonly (string | undefined)[] = names.length === 0 ? [undefined] : names;
  return first
    .split(',')
    .map(resourceNamed)
    .flatMap((resource) => asked.map((name) => ({ resource, name })));
}

function listed(state: State, resource: Resource, namespace: string | undefined, selector = ''): readonly Item[] {
  const terms = selector === '' ? [] : selector.split(',').map((term) => /^([^=!\s]+)==?([^=!\s]*)$/.exec(term));
  if (terms.includes(null)) throw new Refused(`this fake kubectl takes selectors of the form a=b, not ${selector}`, 64);
  return all(state, resource.plural).filter(
    ({ metadata }) =>
      (namespace === undefined || metadata.namespace === namespace) &&
      terms.every((term) => term === null || metadata.labels?.[term[1] ?? ''] === term[2]),
  );
}

/** What kubectl prints for a list that it did not get: an empty one. Only the exit code tells. */
export const notListed = (line: CommandLine): string =>
  line.values.get('output') === 'json' && wantedOf(line.operands).every(({ name }) => name === undefined)
    ? printed(listOf([]))
    : '';

const listOf = (items: readonly Item[]) => ({
  apiVersion: 'v1',
  items,
  kind: 'List',
  metadata: { resourceVersion: '' },
});
const printed = (value: unknown): string => `${JSON.stringify(value, undefined, 4)}\n`;
const named = ({ kind, metadata }: Item): string => `${groupedSingular(resourceNamed(kind))}/${metadata.name}\n`;
