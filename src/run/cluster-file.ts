import { readFileSync } from 'node:fs'
import { type ClusterSpec, defaultCluster } from '../backends/simulator/cluster-spec.ts'
import { suggest } from '../base/did-you-mean.ts'
import { sourceError, usageError } from '../base/errors.ts'

/** Entries that may be 0; all others must be more. */
const mayBeNone: ReadonlySet<string> = new Set([
  'seekMs',
  'startUpSeconds',
  'restartSeconds',
  'taskStartMs',
  'messageMs',
  'machineSpread',
  'taskSpread',
  'slowShare',
])
const wholeNumbers: ReadonlySet<string> = new Set(['machines', 'racks', 'fetchers', 'inputCopies', 'outputCopies'])

/**
 * Reads the file of `--cluster`: a JSON object with the entries of {@link ClusterSpec} that differ from the default.
 *
 * @throws {@link MillraceError} `SOURCE_NOT_FOUND`, `USAGE_ARGUMENT`.
 */
export function readClusterFile(path: string): Partial<ClusterSpec> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw sourceError('SOURCE_NOT_FOUND', `the file '${path}' of --cluster cannot be read`, { cause })
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw usageError('USAGE_ARGUMENT', `--cluster: ${path}: ${(cause as Error).message}`, { cause })
  }
  return checked(json, defaultCluster, `--cluster: ${path}`) as Partial<ClusterSpec>
}

/** The object, if each of its entries is one of `known` and of the same kind. */
function checked(json: unknown, known: object, where: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw usageError('USAGE_ARGUMENT', `${where}: expected an object`)
  const names = Object.keys(known)
  const made: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(json)) {
    const like: unknown = Object.hasOwn(known, name) ? known[name as keyof typeof known] : undefined
    if (like === undefined) {
      const hint = suggest(name, names, `it may have ${names.join(', ')}`)
      throw usageError('USAGE_ARGUMENT', `${where}: unknown entry '${name}'`, { hint })
    }
    made[name] =
      typeof like === 'object' ? checked(value, like as object, `${where}: ${name}`) : checkedNumber(name, value, where)
  }
  return made
}

function checkedNumber(name: string, value: unknown, where: string): number {
  const least = mayBeNone.has(name) ? 0 : Number.MIN_VALUE
  const isRight = typeof value === 'number' && Number.isFinite(value) && value >= least
  if (isRight && (!wholeNumbers.has(name) || Number.isInteger(value)) && (name !== 'slowShare' || value <= 1)) return value
  const expected = wholeNumbers.has(name)
    ? 'a whole number from 1'
    : name === 'slowShare'
      ? 'a share from 0 to 1'
      : least === 0
        ? 'a number from 0'
        : 'a number above 0'
  throw usageError('USAGE_ARGUMENT', `${where}: '${name}' must be ${expected}, found ${JSON.stringify(value)}`)
}
