// The published client in a real browser: a page of somebody's own, from another port of this machine, that the
// daemon's owner let in with `hosts`. Without a browser it is skipped and says so; `.ci/run` installs one.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type Client } from '../../src/client/index.ts'
import { type Browser, hasBrowser, openBrowser, type Page } from '../support/browser.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

const inBrowser = test.skipIf(!hasBrowser)

const client = join(import.meta.dir, '../../dist/client')
const script = join(import.meta.dir, '../fixtures/client-page.mjs')
const html = '<!doctype html><title>page</title><script type="module" src="/page.mjs"></script>'

/** The page's own server, which knows nothing of the daemon. */
let site: Bun.Server<undefined>
let home: string
let daemon: TestDaemon
let other: Client
let browser: Browser | undefined

beforeAll(async () => {
  site = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/') return new Response(html, { headers: { 'content-type': 'text/html' } })
      if (pathname === '/page.mjs') return new Response(Bun.file(script))
      const [, name] = /^\/client\/([\w.-]+\.js)$/.exec(pathname) ?? []
      return name === undefined
        ? new Response('', { status: 404 })
        : new Response(Bun.file(join(client, name)))
    },
  })
  home = temporaryHome()
  daemon = await startDaemon({ home, config: { hosts: [`127.0.0.1:${site.port}`] } })
  other = await connect({ home })
  if (hasBrowser) browser = await openBrowser()
})
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  other?.close()
  await daemon?.stop()
  await site?.stop(true)
  rmSync(home, { recursive: true, force: true })
})

const open = async (url: string): Promise<Page> => {
  if (!browser) throw new Error('There is no browser')
  return await browser.open(url)
}

const call = (step: string, ...args: unknown[]): string =>
  `page.${step}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`

inBrowser(
  'a page follows, publishes, takes a lock, and goes through a restart of the daemon',
  async () => {
    using page = await open(`http://127.0.0.1:${site.port}/`)
    const options = { url: daemon.url, token: daemon.token }
    expect(await page.evaluate(call('connect', options))).toBe(daemon.pid)

    expect(await page.evaluate(call('follow', 'numbers'))).toEqual(['following'])
    await page.evaluate(call('publish', 'numbers', 1))
    const post = (n: number) =>
      other.call('event.publish', { channel: 'numbers', type: 'number', data: { n } })
    await post(2)
    expect(await page.evaluate(call('heard', 2))).toEqual([1, 2])

    const held = await page.evaluate(call('lock', 'build'))
    const { lock } = await other.call('lock.get', { name: 'build' })
    expect(lock).toMatchObject({ note: 'from a page' })
    expect(held).toEqual({ token: lock?.token, holder: lock?.holder })

    const listen = ['--listen', new URL(daemon.url).host]
    await daemon.kill('SIGKILL')
    expect(await page.evaluate(call('state', 2))).toEqual(['following', 'lost'])
    daemon = await startDaemon({ home, args: listen })
    await post(3)
    expect(await page.evaluate(call('heard', 3))).toEqual([1, 2, 3])
    expect(await page.evaluate(call('state', 3))).toEqual(['following', 'lost', 'following'])
    expect(await page.evaluate(call('pid'))).toBe(daemon.pid)
    await page.evaluate(call('publish', 'numbers', 4))
    expect(await page.evaluate(call('heard', 4))).toEqual([1, 2, 3, 4])
    expect(await page.evaluate(call('release'))).toEqual({ lost: false, released: true })
    expect(await other.call('lock.get', { name: 'build' })).toEqual({ lock: null, line: 0 })
  },
  60_000,
)

inBrowser(
  'a page that nobody let in, or that has no token, is told so; nobody there is another matter',
  async () => {
    const { url, token } = daemon
    const message = `The daemon at ${new URL(url).host} does not let this page in`
    const refusal = { known: true, code: 'forbidden', message }
    using stranger = await open(`http://localhost:${site.port}/`)
    expect(await stranger.evaluate(call('refused', { url, token }))).toEqual(refusal)
    using page = await open(`http://127.0.0.1:${site.port}/`)
    expect(await page.evaluate(call('refused', { url }))).toEqual(refusal)
    const nobody = await page.evaluate(call('refused', { url: 'http://127.0.0.1:1', token }))
    expect(nobody).toMatchObject({ known: true, code: 'not_running' })
  },
  60_000,
)
