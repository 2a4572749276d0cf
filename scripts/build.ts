// Makes `dist/client`, the TypeScript client, and `dist/paid`, one self-contained binary, with everything that could read foreign code at run time switched
// off: no .env, no bunfig.toml, no code from strings, no import that was not bundled (a daemon is started in folders
// of others). Built aside and renamed into place, so a daemon that runs from the old file is not disturbed and two
// builds at once end with a whole one.

import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { version } from '../package.json'
import { buildClient } from './client.ts'

const root = join(import.meta.dir, '..')
const target = join(root, 'dist', 'paid')

/** Builds from `entrypoints`, of which the first is the program and the others are workers beside it. */
export const build = async (entrypoints: string[], outfile: string): Promise<void> => {
  mkdirSync(dirname(outfile), { recursive: true })
  const aside = mkdtempSync(join(dirname(outfile), '.build-'))
  const built = join(aside, basename(outfile)) // the name stands in the binary, and in its stack traces
  try {
    const { logs } = await Bun.build({
      entrypoints,
      target: 'bun',
      format: 'esm',
      minify: true,
      bytecode: true,
      splitting: true,
      allowUnresolved: [],
      define: { BUILD_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
      compile: {
        outfile: built,
        autoloadDotenv: false,
        autoloadBunfig: false,
        execArgv: ['--disallow-code-generation-from-strings=strict'],
      },
    })
    for (const log of logs) console.error(log)
    renameSync(built, outfile)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const startedAt = performance.now()
  await buildClient(join(root, 'dist/client'))
  await build([join(root, 'src/main.ts'), join(root, 'src/worker.ts')], target)
  const mebibytes = (Bun.file(target).size / 2 ** 20).toFixed(0)
  console.log(
    `Built ${relative(root, target)} ${version}, ${mebibytes} MiB, ${Math.round(performance.now() - startedAt)} ms`,
  )
}
