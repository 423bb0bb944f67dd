import type { BackendTraits } from '../ir/traits.ts'
import { kernelNames } from './kernels/index.ts'

/** What every backend that runs our own operators can do. */
export const localTraits = (name: string): BackendTraits => ({ name, functions: kernelNames })
