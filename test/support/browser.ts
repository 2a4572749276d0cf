// A real browser without a window: the Chromium of the system, when there is one. Its pages come from a server of the
// test's own on loopback, an origin like anybody's.

import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const path = names.map((name) => Bun.which(name)).find((found) => found !== null)

/** Whether there is a browser; a test that needs one is skipped otherwise. */
export const hasBrowser = path !== undefined
if (!hasBrowser) console.error(`skipped: there is no browser here (${names.join(', ')})`)

/** In a container it runs as root; it looks up and fetches nothing by itself. */
const argv = [
  '--no-sandbox',
  '--no-proxy-server',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--disable-sync',
  '--disable-component-update',
  '--disable-default-apps',
]

const lookMs = 20
const endsWithinLooks = 250

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export type Page = Disposable & {
  /** Gives the value of an expression in the page, awaited there. */
  evaluate: (expression: string) => Promise<unknown>
}

export type Browser = AsyncDisposable & { open: (url: string) => Promise<Page> }

/** There is one for each process. */
export const openBrowser = async (): Promise<Browser> => {
  if (path === undefined) throw new Error('There is no browser')
  const profile = mkdtempSync(join(tmpdir(), 'paid-browser-'))
  const view = () =>
    new Bun.WebView({ backend: { type: 'chrome', path, argv }, dataStore: { directory: profile } })
  const first = view()
  await first.navigate('about:blank')
  return {
    open: async (url) => {
      const page = view()
      await page.navigate(url)
      return {
        evaluate: (expression) => page.evaluate(expression),
        [Symbol.dispose]: () => page.close(),
      }
    },
    // asked to end, it removes what it left in the temporary folder
    [Symbol.asyncDispose]: async () => {
      const pid = Number(readlinkSync(join(profile, 'SingletonLock')).split('-').at(-1))
      await first.cdp('Browser.close').catch(() => undefined)
      for (let look = 0; look < endsWithinLooks && isRunning(pid); look++) await Bun.sleep(lookMs)
      Bun.WebView.closeAll()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
