// Makes `dist/client`: the TypeScript client as plain ES modules for Node 20, Bun and browsers, without a dependency,
// and its types. Not minified: who debugs a program may want to read it.

import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { functionDeclarations, moduleDeclarations, protocolDeclarations, typeFile } from './declarations.ts'

const source = join(import.meta.dir, '../src/client')

/** Replaces `folder`, from one moment to the next. */
export const buildClient = async (folder: string): Promise<void> => {
  mkdirSync(dirname(folder), { recursive: true })
  const aside = mkdtempSync(join(dirname(folder), '.client-'))
  const made = join(aside, basename(folder))
  try {
    await bundle(['index.ts', 'photon.ts', 'orchestrator.ts', 'react.ts'], 'node', made)
    await bundle(['browser.ts'], 'browser', made)
    // one bundle for both, so that a page's hooks and its own calls share the client
    await bundle(['orchestrator-browser.ts', 'react-browser.ts'], 'browser', made)
    for (const name of ['react', 'react-browser']) await markAsClient(join(made, `${name}.js`))
    for (const [name, text] of await declarations()) await Bun.write(join(made, `${name}.d.ts`), text)
    replace(made, folder, join(aside, 'old'))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

const bundle = async (files: string[], target: 'node' | 'browser', outdir: string): Promise<void> => {
  const { logs } = await Bun.build({
    entrypoints: files.map((file) => join(source, file)),
    target,
    format: 'esm',
    splitting: true,
    outdir,
    external: ['react'],
    naming: { chunk: 'chunk-[hash].[ext]' },
  })
  for (const log of logs) console.error(log)
}

/** Hooks have no meaning where a server makes a page's parts; a framework that does both is told so. */
const markAsClient = async (file: string): Promise<void> => {
  const text = await Bun.file(file).text()
  await Bun.write(file, `'use client'\n${text}`)
}

const declarations = async (): Promise<[string, string][]> => {
  const read = async (name: string) => typeFile(await Bun.file(join(source, `${name}.ts`)).text())
  return [
    ['protocol', protocolDeclarations()],
    ['types', await read('types')],
    ['photon-types', await read('photon-types')],
    ['index', moduleDeclarations('types', { connect: 'Connect' })],
    ['browser', moduleDeclarations('types', { connect: 'ConnectWeb' })],
    [
      'photon',
      moduleDeclarations('photon-types', {
        subscribeChannel: 'SubscribeChannel',
        publishToChannel: 'PublishToChannel',
        acquireLock: 'AcquireLock',
        releaseLock: 'ReleaseLock',
        listLocks: 'ListLocks',
        scheduleJob: 'ScheduleJob',
        unscheduleJob: 'UnscheduleJob',
        listJobs: 'ListJobs',
        pingDaemon: 'PingDaemon',
      }),
    ],
    ['orchestrator-types', await read('orchestrator-types')],
    ['react-types', await read('react-types')],
    ['orchestrator', functionDeclarations('orchestrator-types', { getDaemonClient: 'GetDaemonClient' })],
    [
      'react',
      functionDeclarations('react-types', { useDaemon: 'UseDaemon', useSessionMonitor: 'UseSessionMonitor' }),
    ],
  ]
}

/** A folder cannot be renamed over another one. Another build at the same time may have been first: its files are as good. */
const replace = (made: string, folder: string, old: string): void => {
  try {
    renameSync(folder, old)
  } catch {
    // there was none
  }
  try {
    renameSync(made, folder)
  } catch {
    cpSync(made, folder, { recursive: true })
  }
}
