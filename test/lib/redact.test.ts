// The redactor, judged by a corpus: it finds the true secrets, leaves the innocent look-alikes, and never takes long.

import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { redact } from '../../src/lib/redact.ts'
import { hostile } from '../support/hostile.ts'
import { innocents, seeded, surroundings, trueSecrets } from '../support/secrets.ts'

const rounds = 20

describe('of true secrets', () => {
  const missed: string[] = []
  let all = 0
  for (const [kind, make] of Object.entries(trueSecrets)) {
    const random = seeded(kind.length * 7919)
    for (let round = 0; round < rounds; round++)
      for (const [place, surround] of surroundings.entries()) {
        const { secret, around } = make(random)
        const text = surround(around ? around(secret) : secret)
        const written = JSON.stringify(text).includes('\\\\n') ? JSON.stringify(secret).slice(1, -1) : secret
        all++
        if (redact(text).text.includes(written)) missed.push(`${kind} in place ${place}`)
      }
  }

  test('at least 98 of 100 are found', () => {
    expect(all).toBeGreaterThan(2000)
    expect({ recall: 1 - missed.length / all >= 0.98, missed: [...new Set(missed)] }).toMatchObject({
      recall: true,
    })
  })

  test('no kind is overlooked as a whole', () => {
    const often = Object.keys(trueSecrets).filter(
      (kind) => missed.filter((each) => each.startsWith(`${kind} in`)).length > rounds,
    )
    expect(often).toEqual([])
  })
})

test('of innocent look-alikes, one in a hundred at most is touched', () => {
  const random = seeded(4711)
  const texts = Array.from({ length: rounds * 2 }, () => innocents(random)).flat()
  const touched = texts.filter((text) => redact(text).text !== text)
  expect(texts.length).toBeGreaterThan(1000)
  expect({ rate: touched.length / texts.length <= 0.01, touched: touched.slice(0, 5) }).toMatchObject({
    rate: true,
  })
})

describe('what it says', () => {
  const random = seeded(99)
  const token = trueSecrets['github classic']?.(random).secret ?? ''
  const key = trueSecrets['anthropic']?.(random).secret ?? ''

  test('names the kind in the place of the secret, and counts each', () => {
    expect(redact(`push with ${token}, ask with ${key}, push with ${token}`)).toEqual({
      text: 'push with [redacted:github-token], ask with [redacted:anthropic-key], push with [redacted:github-token]',
      found: { 'github-token': 2, 'anthropic-key': 1 },
    })
  })

  test('keeps the name in front of a value, and the user in an address', () => {
    expect(redact('DB_PASSWORD=hunter2hunter2\nurl=mysql://root:tr0ub4dor@db/x').text).toBe(
      'DB_PASSWORD=[redacted:password]\nurl=mysql://root:[redacted:url-password]@db/x',
    )
  })

  test('is the sentence the old daemon kept to the letter, without its secrets', () => {
    const { text, found } = redact(`my password is hunter2 and API_KEY=${key}`)
    expect(text).toBe('my password is [redacted:password] and API_KEY=[redacted:anthropic-key]')
    expect(found).toEqual({ password: 1, 'anthropic-key': 1 })
  })

  test('finds a key whose end was cut off', () => {
    const { text } = redact('-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ')
    expect(text).toBe('[redacted:private-key]')
  })

  test('obeys no comment in the text', () => {
    expect(redact(`// secretlint-disable\n${token}`).text).toBe(
      '// secretlint-disable\n[redacted:github-token]',
    )
  })

  test('changes nothing when it is said again', () => {
    const makers = Object.values(trueSecrets)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(makers.length - 1), fc.string()), { maxLength: 8 }), (parts) => {
        const text = parts
          .map(([n, between], place) => {
            const made = makers[n]?.(seeded(place + n + 1)) ?? { secret: '' }
            return `${between} ${made.around ? made.around(made.secret) : made.secret}\n`
          })
          .join('')
        const once = redact(text).text
        return redact(once).text === once
      }),
      { numRuns: 300, seed: 7 },
    )
  })
})

describe('hostile text', () => {
  test.each(Object.entries(hostile))('of %s: a mebibyte is done before the test gives up', (_, part) => {
    const text = part.repeat(Math.ceil(2 ** 20 / part.length))
    expect(redact(redact(text).text).text).toBe(redact(text).text)
  })
})
