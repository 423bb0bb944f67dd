// The part of WebAssembly that millrace uses; TypeScript has its types only together with those of browsers.
declare namespace WebAssembly {
  class Module {
    constructor(code: Uint8Array)
  }
  class Memory {
    constructor(limits: { initial: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Instance {
    constructor(module: Module, imports: { [module: string]: { [name: string]: Memory } })
    readonly exports: { readonly [name: string]: unknown }
  }
  interface Global {
    value: number
  }
}
