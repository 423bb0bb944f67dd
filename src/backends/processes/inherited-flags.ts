/** Flags of Node.js that belong to one process: its script, its debugger's port, its files of profiles. */
const own = /^(-[eipc]|--(eval|print|interactive|check|input-type|inspect|watch|test|cpu-prof|heap-prof)\b.*)/
/** Those of them whose value may be an argument of its own. */
const withValue = /^(-[ep]|--(eval|print|input-type|inspect-port|watch-path|cpu-prof-[a-z]+|heap-prof-[a-z]+))$/

/** The flags that a worker process gets from its coordinator: limits of memory, loaders and the like. */
export function inheritedFlags(flags: readonly string[]): string[] {
  const inherited: string[] = []
  for (let i = 0; i < flags.length; i++) {
    if (!own.test(flags[i])) inherited.push(flags[i])
    else if (withValue.test(flags[i])) i++
  }
  return inherited
}
