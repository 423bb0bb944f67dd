import { expect, it } from 'vitest'
import { didYouMean, suggest } from '../../src/base/did-you-mean.ts'

it('finds the nearest word, letter case aside', () => {
  expect(didYouMean('WHER', ['select', 'where', 'write'])).toBe('where')
  expect(didYouMean('amuont', ['amount', 'account'])).toBe('amount')
})
it('counts swapped neighbours as one difference', () => {
  expect(didYouMean('form', ['from'])).toBe('from')
})
it('stays silent when nothing is near', () => {
  expect(didYouMean('zebra', ['where', 'select'])).toBeUndefined()
  expect(didYouMean('x', ['y'])).toBeUndefined()
  expect(didYouMean('', ['a'])).toBeUndefined()
})
it('takes the first of equally near words', () => {
  expect(didYouMean('bat', ['cat', 'hat'])).toBe('cat')
})
it('prefers a word that was only begun', () => {
  expect(didYouMean('of', ['on', 'off'])).toBe('off')
  expect(didYouMean('of', ['off', 'on'])).toBe('off')
})
it('words the suggestion as a hint, else gives the fallback', () => {
  expect(suggest('wrod', ['word'])).toBe("did you mean 'word'?")
  expect(suggest('qqqq', ['word'], 'columns: word')).toBe('columns: word')
})
