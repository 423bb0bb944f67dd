import { count, pipeline, text } from 'millrace'

export default pipeline('tier-b', { input: 'string' }, (p, { input }) =>
  p
    .read(text(input))
    .flatMap(({ line }) => line.split(' '), { returns: 'string' })
    .aggregate({ n: count() }, { by: (word) => ({ word }) }),
)
