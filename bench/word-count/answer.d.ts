/** An order-free digest of (word, count) rows. */
export function answer(): { add(word: string, count: number): void; end(): string }
