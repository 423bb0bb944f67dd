/** Tasks that read sources or files keep a thread busy; two of them in a pipelined region, since one may be waiting for credit. */
export const slots = { alone: 1, pipelined: 2 } as const
