import type { RuleGroup } from '../rule-driver.ts'
import { dropNeedlessSort } from './drop-needless-sort.ts'
import { foldConstants } from './fold-constants.ts'
import { fuseTopK } from './fuse-top-k.ts'
import { liftCombiner } from './lift-combiner.ts'
import { mergeProjects } from './merge-projects.ts'
import { pruneColumns } from './prune-columns.ts'
import { pushDownFilter } from './push-down-filter.ts'
import { pushDownLimit } from './push-down-limit.ts'
import { pushDownResidual } from './push-down-residual.ts'
import { removeUnused } from './remove-unused.ts'
import { simplifyFilter } from './simplify-filter.ts'
import { sinkFlatten } from './sink-flatten.ts'

/**
 * The groups in order. Unions sink before filters move, so that a filter reaches every input of a union (FlumeJava §4.2); columns are
 * pruned when filters are in place, since a filter needs its columns where it stands; combiners are lifted last, since nothing may come
 * between the two halves of an aggregate.
 */
export const ruleGroups: readonly RuleGroup[] = [
  { name: 'normalise', passes: [removeUnused], rules: [foldConstants, simplifyFilter] },
  {
    name: 'push down',
    passes: [],
    rules: [sinkFlatten, pushDownFilter, pushDownResidual, mergeProjects, dropNeedlessSort, pushDownLimit, fuseTopK],
  },
  { name: 'prune', passes: [pruneColumns], rules: [mergeProjects] },
  { name: 'group', passes: [], rules: [liftCombiner] },
]

/** The rule that joins operations into one loop; it acts while stages are formed. */
export const fuseRule = 'fuse'

/** Names of all rules, for `disabledRules`. */
export const ruleNames: readonly string[] = [
  ...new Set([...ruleGroups.flatMap((group) => [...group.passes, ...group.rules].map((rule) => rule.name)), fuseRule]),
]
