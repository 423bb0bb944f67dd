import { count, desc, pipeline, text } from 'millrace'

// The 20 most frequent words of a text.
export default pipeline('word-count', { input: { type: 'string', default: 'examples/word-count/kjv.txt' } }, (p, { input }) =>
  p
    .read(text(input))
    // #region words
    .flatMap(({ line }) => line.toLowerCase().match(/[a-z]+/g) ?? [])
    // #endregion words
    // #region count
    .aggregate({ n: count() }, { by: (word) => ({ word }) })
    // #endregion count
    .orderBy(desc('n'), 'word')
    .limit(20),
)
