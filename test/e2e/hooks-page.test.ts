// The published hooks in a real browser: a page of somebody's own starts a session, sees live what it says, gives it a
// task and stops it. Without a browser it is skipped and says so.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hasBrowser, openBrowser, type Page } from '../support/browser.ts'
import { openSessions } from '../support/sessions.ts'
import { temporaryHome } from '../support/daemon.ts'

const inBrowser = test.skipIf(!hasBrowser)
const root = resolve(import.meta.dir, '../..')
const html =
  '<!doctype html><meta charset="utf-8"><title>page</title><script type="module" src="/page.js"></script>'

let folder: string
/** The page's own server, which knows nothing of the daemon. */
let site: Bun.Server<undefined>
let sessions: Awaited<ReturnType<typeof openSessions>>

/** The page as its owner would build it, with the hooks as they are published. */
const bundle = async (): Promise<void> => {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, 'test/fixtures/react-page.mjs')],
    target: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
    outdir: folder,
    naming: 'page.js',
    plugins: [
      {
        name: 'published',
        setup: (build) =>
          void build.onResolve({ filter: /^paid\/react$/ }, () => ({
            path: join(root, 'dist/client/react-browser.js'),
          })),
      },
    ],
  })
  if (!success) throw new AggregateError(logs)
}

beforeAll(async () => {
  if (!hasBrowser) return
  folder = temporaryHome()
  await bundle()
  site = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) =>
      new URL(request.url).pathname === '/page.js'
        ? new Response(Bun.file(join(folder, 'page.js')))
        : new Response(html, { headers: { 'content-type': 'text/html' } }),
  })
  sessions = await openSessions({ config: { hosts: [`127.0.0.1:${site.port}`] } })
}, 30_000)
afterAll(async () => {
  if (!hasBrowser) return
  await sessions?.[Symbol.asyncDispose]()
  await site?.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

/** Waits until the page shows an element of which this is true, and gives its text. */
const shown = async (page: Page, id: string, condition = 'true'): Promise<unknown> =>
  await page.evaluate(`new Promise((resolve) => {
    const look = () => {
      const text = document.getElementById('${id}')?.textContent
      if (text === undefined || !((text) => ${condition})(text)) return
      seen.disconnect()
      resolve(text)
    }
    const seen = new MutationObserver(look)
    seen.observe(document, { subtree: true, childList: true, characterData: true })
    look()
  })`)

/** Types into a field as a user would, as React hears it, and sends its form. */
const say = (page: Page, name: string, text: string): Promise<unknown> =>
  page.evaluate(`(() => {
    const field = document.getElementById('${name}')
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(field, ${JSON.stringify(text)})
    field.dispatchEvent(new Event('input', { bubbles: true }))
    document.getElementById('${name}-form').requestSubmit()
  })()`)

inBrowser(
  'a page starts a session, sees live what it says, gives it a task, and stops it',
  async () => {
    await using browser = await openBrowser()
    const address = `${sessions.url.replace('http', 'ws')}/?token=${sessions.token}`
    using page = await browser.open(`http://127.0.0.1:${site.port}/?daemon=${encodeURIComponent(address)}`)
    expect(await shown(page, 'state', "text.includes('running')")).toBe('connected, running')
    await say(page, 'first', 'some words to hear')
    expect(await shown(page, 'output', "text.endsWith('hear')")).toBe('heard: some words to hear')
    expect(await shown(page, 'status', "text === 'completed'")).toBe('completed')
    const id = await sessions.first()

    await say(page, 'more', 'say so far\nwait')
    await shown(page, 'status', "text === 'running'")
    expect(await shown(page, 'output', "text === 'so far'")).toBe('so far')
    await page.evaluate("document.getElementById('stop').click()")
    expect(
      await page.evaluate(`new Promise((resolve) => {
        const look = () => document.getElementById('output') ?? resolve('gone')
        new MutationObserver(look).observe(document, { subtree: true, childList: true })
        look()
      })`),
    ).toBe('gone')
    expect(await sessions.get(id)).toMatchObject({ status: 'terminated' })
  },
  60_000,
)
