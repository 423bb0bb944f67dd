import { type DiskCall, faultOf, faultyHost } from '../../../base/faulty-disk.ts'
import type { Host } from '../../../base/host.ts'
import type { Faults } from './faults.ts'

/** The host as one process of a virtual cluster sees it: nothing happens after its death, and files of other tasks may be gone or damaged. */
export function processHost(host: Host, faults: Faults, isAlive: () => boolean): Host {
  const fault = (call: DiskCall): unknown => {
    if (!isAlive()) throw new Error('this process is dead')
    if (call.op === 'openRead' && call.path.includes('/exchange-') && faults.strikes('fileLost')) host.disk.remove(call.path)
    return call.op === 'write' && isKept(call.path) && faults.strikes('diskError') ? faultOf('EIO', call) : undefined
  }
  const damage = (path: string, bytes: Uint8Array): void => {
    if (bytes.length > 0 && isKept(path) && faults.strikes('bitFlips'))
      bytes[Math.floor(faults.between(0, bytes.length))] ^= 1 << Math.floor(faults.between(0, 8))
  }
  return faultyHost(host, fault, damage)
}

/** Files that tasks keep for themselves and for each other. */
const isKept = (path: string): boolean => path.endsWith('.blocks')
