import { expose, transfer } from 'comlink'
import { endpoint, type NodePort } from './endpoint.ts'
import { keepErrorDetails } from './errors.ts'

/** Answers calls that come in over `port` with the functions of `api`. */
export function serve(api: object, port: NodePort): void {
  keepErrorDetails()
  expose(api, endpoint(port))
}

/** Marks an argument of a call as handed over: its port or buffer is gone here afterwards. */
export function handOver<T>(value: T, parts: readonly unknown[]): T {
  return transfer(value as object, parts as never) as T
}
