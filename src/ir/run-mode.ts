/**
 * How the stages of a program run. `serial`: one after the other, with every exchange in files; `hybrid`: with files too, and a stage begins as soon as
 * something of what it reads is there; `pipelined`: together, rows flow between them; `auto`: the planner chooses for each exchange.
 */
export const runModes = ['auto', 'serial', 'hybrid', 'pipelined'] as const
export type RunMode = (typeof runModes)[number]
