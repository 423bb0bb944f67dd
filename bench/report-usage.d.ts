export function begin(): void
export function end(): void
