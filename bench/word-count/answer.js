/** An order-free digest of (word, count) rows: number of words, of different words, and a hash. */
export function answer() {
  let words = 0
  let different = 0
  let digest = 0
  return {
    add(word, count) {
      words += count
      different++
      let hash = 0
      for (let i = 0; i < word.length; i++) hash = Math.imul(hash, 31) + word.charCodeAt(i)
      digest = (digest + Math.imul(hash, 2654435761) + Math.imul(count, 40503)) | 0
    },
    end: () => `${words} ${different} ${digest}`,
  }
}
