import { runError } from '../../base/errors.ts'
import { cached } from './pattern-cache.ts'

/** The regular expression of a `like` pattern; a lone backslash at its end is `RUN_ARGUMENT`. */
export const compileLike: (pattern: string) => RegExp = cached((pattern) => {
  const points = [...pattern]
  let source = ''
  for (let i = 0; i < points.length; i++) {
    if (points[i] === '%') source += '[^]*'
    else if (points[i] === '_') source += '[^]'
    else if (points[i] !== '\\') source += literal(points[i])
    else if (++i < points.length) source += literal(points[i])
    else throw runError('RUN_ARGUMENT', `like pattern '${pattern}' ends with a lone backslash`)
  }
  // Runs of % would make the search try every way to share the text between them.
  return new RegExp(`^${source.replace(/(\[\^\]\*)+/g, '[^]*')}$`, 'u')
})

function literal(point: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(point) ? `\\${point}` : point
}
