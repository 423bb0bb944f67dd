const cleanups = new Set<() => void>()
let isListening = false

/**
 * Calls `cleanUp` when the process exits, unless the returned function was called before: for runs that process.exit or a second Ctrl-C cut off.
 * The last one given is called first: what was made inside of something goes before it. One listener serves all runs, since Node.js warns of many.
 */
export function cleanUpAtExit(cleanUp: () => void): () => void {
  if (!isListening) process.on('exit', runCleanups)
  isListening = true
  cleanups.add(cleanUp)
  return () => cleanups.delete(cleanUp)
}

function runCleanups(): void {
  for (const cleanUp of [...cleanups].reverse()) {
    try {
      cleanUp()
    } catch {
      // The others have files to remove, too; and nobody is left to be told.
    }
  }
}
