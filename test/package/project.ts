import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

export const root = join(import.meta.dirname, '../..')

const runFile = promisify(execFile)
const npmFlags = ['--ignore-scripts', '--no-audit', '--no-fund', '--offline', '--loglevel=error']

/** Packs the package as it would be published and installs it, without a network, into an empty project of the kind that `npm init` makes. */
export async function installedProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  const packed = join(folder, 'packed')
  const cwd = join(folder, 'project')
  for (const made of [packed, cwd]) mkdirSync(made)
  const { stdout } = await runFile('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', packed], { cwd: root })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const [tarball] = readdirSync(packed)
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'project', version: '1.0.0', type: 'commonjs' }))
  await runFile('npm', ['install', ...npmFlags, join(packed, tarball)], { cwd })
  return {
    cwd,
    packedFiles: files.map(({ path }) => path),
    packages: readdirSync(join(cwd, 'node_modules')).filter((name) => !name.startsWith('.')),
    write(name, text) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true })
      writeFileSync(join(cwd, name), text)
    },
    read: (name) => readFileSync(join(cwd, name), 'utf8'),
    node: (...args) => outcomeOf(process.execPath, args, cwd),
    millrace: (...args) => outcomeOf(process.execPath, [join(cwd, 'node_modules/millrace/bin/millrace.cjs'), ...args], cwd),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** A project of a user, with nothing but the package installed. */
export interface Project {
  cwd: string
  /** Paths in the tarball. */
  packedFiles: readonly string[]
  /** What npm has installed. */
  packages: readonly string[]
  write(name: string, text: string): void
  read(name: string): string
  node(...args: readonly string[]): Outcome
  millrace(...args: readonly string[]): Outcome
  remove(): void
}
export interface Outcome {
  status: number | null
  stdout: string
  stderr: string
}

function outcomeOf(program: string, args: readonly string[], cwd: string): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  return { status, stdout, stderr }
}
