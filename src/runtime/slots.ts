/**
 * Tasks that read sources or files keep a thread busy; two of them in a pipelined region, since one may be waiting for credit. One that began early
 * mostly waits for those whose rows it reads, so it takes no place from them.
 */
export const slots = { alone: 1, early: 1, pipelined: 2 } as const
