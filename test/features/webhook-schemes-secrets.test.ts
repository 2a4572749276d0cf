// Which secrets a webhook may be given, and that what is said of others never has them in it.

import { describe, expect, test } from 'bun:test'
import { checkSecret, type SchemeName } from '../../src/features/webhooks/schemes.ts'
import { PaidError } from '../../src/protocol/error.ts'
import { examples } from '../support/webhook-examples.ts'

describe('a secret is accepted', () => {
  const faultOf = (scheme: SchemeName, secret: string): string | undefined => {
    try {
      checkSecret(scheme, secret)
      return undefined
    } catch (error) {
      if (!(error instanceof PaidError)) throw error
      expect(error.code).toBe('bad_request')
      if (secret.length > 8) expect(`${error.message} ${error.hint}`).not.toContain(secret)
      return error.message
    }
  }

  test.each(examples)('when it is the example’s of $scheme ($from)', ({ scheme, secret }) => {
    expect(faultOf(scheme, secret)).toBeUndefined()
  })

  test.each(['github', 'stripe', 'standard', 'slack', 'header'] as const)(
    'by %s only when it is one line of text, and not for ever long',
    (scheme) => {
      for (const bad of [
        '',
        'x'.repeat(1025),
        'secret\n',
        'sec\0ret',
        'whsec_\r\nAAAA',
        '\ud800secret',
        '\x1b[31mred',
      ])
        expect(faultOf(scheme, bad)).toBeDefined()
    },
  )

  test('by Standard Webhooks when it is base64, with `whsec_` or without', () => {
    const good = ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_AA==']
    const bad = [
      'whsec_',
      'whsec_abc',
      'whsec_é',
      'whsec_ AAAA',
      'whsec_----',
      'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    ]
    expect(good.filter((secret) => faultOf('standard', secret))).toEqual([])
    expect(bad.filter((secret) => !faultOf('standard', secret))).toEqual([])
  })

  test('by the header when HTTP would not trim it, and by none when there is none', () => {
    for (const bad of [' secret', 'secret ', '\u00a0secret']) expect(faultOf('header', bad)).toBeDefined()
    expect(faultOf('header', 'two words')).toBeUndefined()
    expect(faultOf('none', '')).toBeUndefined()
    expect(faultOf('none', 'secret')).toBeDefined()
  })
})
