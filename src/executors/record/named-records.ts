/** Names the records of a source or spout where a sink asks for ids: by their place, which is the same when they come again. */
import { Identity, SameIdentity } from '../../core/identity.js';
import type { Plan, Stage } from '../../plan/plan.js';
import { resultIds } from '../../plan/result-ids.js';
import type { Chain } from '../chain.js';

/** What names the records of a stage's tasks; undefined where nobody asks. `isSplit`: the stage's chain is on another host. */
export function identityIn(plan: Plan, stage: Stage, isSplit = false): Identity | undefined {
  const { carriers, windows } = resultIds(plan);
  if (!stage.operators.some((id) => carriers.has(id) || windows.has(id))) return undefined;
  return isSplit ? new SameIdentity() : new Identity();
}

/** The chain of a source or spout, told the name of each record that enters it. */
export function namedBy(chain: Chain, identity: Identity | undefined, name: () => string | undefined): Chain {
  if (identity === undefined) return chain;
  return {
    ...chain,
    output: (stream) => {
      const link = chain.output(stream);
      return {
        ...link,
        push: (value) => {
          identity.begin(name());
          link.push(value);
        },
      };
    },
  };
}
