// Cuts bytes into lines of text, wherever they were cut before.

/** Returns what takes the bytes; `line` is told each line that is not empty. */
export const lineSplitter = (line: (text: string) => void): ((bytes: Uint8Array) => void) => {
  const decoder = new TextDecoder()
  let unfinished = ''
  return (bytes) => {
    const text = decoder.decode(bytes, { stream: true })
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const found = unfinished + text.slice(from, at)
      unfinished = ''
      from = at + 1
      if (found !== '') line(found)
    }
    unfinished += text.slice(from)
  }
}
