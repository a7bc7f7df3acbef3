// Each consequence looks at the same plan from its own side: what several of them work out of it is worked out once.
import type { Look } from '../../contracts/consequence.ts';

/** A pure function of a look (and a name), remembered as long as that look is there. */
export function oncePerLook<Result>(
  workOut: (look: Look, name: string) => Result,
): (look: Look, name: string) => Result {
  const known = new WeakMap<Look, Map<string, Result>>();
  return (look, name) => {
    const ofLook = known.get(look) ?? new Map<string, Result>();
    known.set(look, ofLook);
    const result = ofLook.get(name) ?? workOut(look, name);
    ofLook.set(name, result);
    return result;
  };
}
