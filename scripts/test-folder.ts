import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gives all tests one temporary folder of their own, which goes when they have ended. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tests-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
