import type { Kernel } from '../codegen/kernel.ts'
import { compareKernels } from './compare.ts'
import { dateKernels } from './dates.ts'
import { nestedKernels } from './nested.ts'
import { castNumberKernel, numberKernels } from './numbers.ts'
import { castTextKernel, safeCastTextKernel, stringKernels } from './strings.ts'

const kernels: ReadonlyMap<string, Kernel> = new Map([
  ...numberKernels,
  ...compareKernels,
  ...stringKernels,
  ...dateKernels,
  ...nestedKernels,
  ['cast', (em, call) => castNumberKernel(em, call) ?? castTextKernel(em, call)],
  ['safe_cast', safeCastTextKernel],
  // Under `unnest`, where no array is made; anywhere else it is evaluated value by value.
  ['split', () => undefined],
])

/** The kernel of a catalogue function. */
export function findKernel(name: string): Kernel | undefined {
  return kernels.get(name)
}

/**
 * Catalogue functions that generated loops compute over typed arrays and bytes; the others are evaluated value by value.
 * The lazy ones (and, or, if, coalesce, ifnull) are part of the generated control flow.
 */
export const kernelNames: ReadonlySet<string> = new Set([...kernels.keys(), 'and', 'or', 'if', 'coalesce', 'ifnull'])
