import { describe, expect, test } from 'bun:test'
import { parseArgs } from 'citty'
import { plainWords, repeated } from '../../src/cli/arguments.ts'
import { nearest } from '../../src/cli/nearest.ts'
import { quoted } from '../../src/cli/self.ts'

const greet = {
  who: { type: 'positional', required: true, description: 'somebody' },
  how: { type: 'positional', required: false, description: 'in which words' },
  loud: { type: 'boolean', default: false, alias: 'l' },
  follow: { type: 'boolean', default: false, alias: 'f' },
  lines: { type: 'string', alias: 'n' },
  also: { type: 'string' },
} as const
const words = (...typed: string[]) => plainWords(typed, greet, 'greet')
/** what the command gets from citty */
const given = (...typed: string[]) => parseArgs<typeof greet>(words(...typed), greet)
const flags = (...typed: string[]) => given('x', ...typed)

test('what was not said is off, absent or empty', () => {
  expect(given('you')).toMatchObject({ who: 'you', loud: false, follow: false })
  expect(given('you').lines).toBeUndefined()
  expect(given('you').how).toBeUndefined()
  expect(repeated(words('you'), 'also')).toEqual([])
})

test('a value comes after a space, an equals sign, or straight after its letter', () => {
  for (const typed of [
    ['--lines', '5'],
    ['--lines=5'],
    ['-n', '5'],
    ['-n5'],
    ['-n=5'],
    ['-fn5'],
    ['-fn', '5'],
  ])
    expect(flags(...typed).lines).toBe('5')
  expect(flags('-fln=a=b')).toMatchObject({ follow: true, loud: true, lines: 'a=b' })
  expect(flags('--lines=').lines).toBe('')
  expect(flags('--lines', '-5').lines).toBe('-5')
  expect(flags('--lines', '--no-loud', '-l')).toMatchObject({ lines: '--no-loud', loud: true })
})

test('a repeatable flag keeps all, another keeps the last', () => {
  expect(repeated(words('x', '--also', 'a', '--also=b', '--', '--also=c'), 'also')).toEqual(['a', 'b'])
  expect(flags('-n1', '-n2').lines).toBe('2')
})

test('a dash alone is an argument, and after two dashes everything is', () => {
  expect(given('-', '--', '--loud')).toMatchObject({ who: '-', how: '--loud', loud: false })
  expect(given('--', '--', '--no-loud')).toMatchObject({ who: '--', how: '--no-loud', loud: false })
})

describe('refused is', () => {
  const refused = (...typed: string[]) => expect(() => words(...typed))

  test('a flag that is not declared', () => {
    refused('x', '--laud').toThrow('no flag --laud')
    refused('x', '-z').toThrow('no flag -z')
    refused('x', '-lz').toThrow('no flag -z')
    refused('x', '--no-loud').toThrow('no flag --no-loud')
    refused('x', '--constructor').toThrow('no flag')
    refused('x', '--__proto__=1').toThrow('no flag')
  })

  test('a missing value, and one where none belongs', () => {
    refused('x', '--lines').toThrow('--lines needs a value')
    refused('x', '--loud=yes').toThrow('--loud takes no value')
  })

  test('an argument too few or too many', () => {
    refused().toThrow('needs WHO: somebody')
    refused('a', 'b', 'c').toThrow('"c"')
  })
})

test('what follows -- is handed on as it was typed, to a command that takes it', () => {
  const declared = { name: { type: 'positional' }, wait: { type: 'string' } } as const
  const words = (...typed: string[]) => plainWords(typed, declared, 'lock', '[-- CMD ARG…]')
  expect(words('build', '--wait', '1s', '--', 'make', '--wait', '-x', '--')).toEqual([
    '--wait=1s',
    '--',
    'build',
    'make',
    '--wait',
    '-x',
    '--',
  ])
  expect(words('build')).toEqual(['--', 'build'])
  expect(() => words('build', 'make')).toThrow('"make"')
  expect(() => words('--', 'make')).toThrow('needs NAME')
})

test('a mistyped name is recognised when it is near, and not when it is not', () => {
  const names = ['start', 'stop', 'status', 'restart', 'tail', 'events', 'emit']
  expect(
    ['tial', 'strat', 'evnets', 'stat', 'statsu', 'emmit', 'resart'].map((typed) => nearest(typed, names)),
  ).toEqual(['tail', 'start', 'events', 'status', 'status', 'emit', 'restart'])
  expect(['', 'x', 'frobnicate', 'dashboard'].map((typed) => nearest(typed, names))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('a word is quoted so that a shell reads it back', async () => {
  for (const word of ['/a/b', "it's", 'a b', '$HOME', '~x', '', '`x`', 'é', '!'])
    expect(await Bun.spawn(['sh', '-c', `printf %s ${quoted(word)}`]).stdout.text()).toBe(word)
  expect(quoted('/usr/bin/paid')).toBe('/usr/bin/paid')
})
