// A cache that starts over when it is full.

import { expect, test } from 'bun:test'
import { memo } from '../../src/lib/memo.ts'

test('what was made of a text is made once, until too many were asked for', () => {
  const made: string[] = []
  const upper = memo(2, (text) => {
    made.push(text)
    return text.toUpperCase()
  })
  expect([upper('a'), upper('b'), upper('a')]).toEqual(['A', 'B', 'A'])
  expect(made).toEqual(['a', 'b'])
  expect([upper('c'), upper('a')]).toEqual(['C', 'A'])
  expect(made).toEqual(['a', 'b', 'c', 'a'])
})

test('a text that nothing could be made of is tried again', () => {
  let tries = 0
  const never = memo(2, () => {
    tries++
    throw new Error('no')
  })
  expect(() => never('a')).toThrow('no')
  expect(() => never('a')).toThrow('no')
  expect(tries).toBe(2)
})
