// Floor: a server of calls that reads each, does nothing and answers with what it was given. `echo PATH`.

import { listenForLines } from './lines.ts'

const path = process.argv[2] ?? ''
listenForLines(path, (line) => {
  const { id, params } = JSON.parse(line)
  return JSON.stringify({ id, result: params })
})
console.log(path)
