// The words of a shell command, program by program, as far as they can be told without running it: quotes are taken
// off, nothing is expanded, and the text of a here-document is left out.

const piece = /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|[\n;|&()`]+|[^\S\n]+|[^\s'"\\;|&()`]+|["'\\]/g

export const programsOf = (command: string): string[][] => {
  const programs: string[][] = []
  let words: string[] = []
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  for (const [text] of `${withoutHereDocuments(command)}\n`.matchAll(piece)) {
    if (/^[\n;|&()`]/.test(text)) {
      endWord()
      if (words.length > 0) programs.push(words)
      words = []
    } else if (/^\s/.test(text)) endWord()
    else word = (word ?? '') + unquoted(text)
  }
  return programs
}

const hereDocument = /(?<![<\d)])<<-?\s*(["']?)(\w+)\1/g

const withoutHereDocuments = (command: string): string => {
  if (!command.includes('<<')) return command
  const lines = command.split('\n')
  const lastAt = new Map(lines.map((line, at) => [line.trim(), at]))
  const kept: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    kept.push(line.replace(hereDocument, ' '))
    for (const [, , end = ''] of line.matchAll(hereDocument))
      if ((lastAt.get(end) ?? -1) > at) while (lines[++at]?.trim() !== end);
  }
  return kept.join('\n')
}

const unquoted = (text: string): string => {
  if (text.length === 1) return text
  if (text.startsWith('\\')) return text === '\\\n' ? '' : text.slice(1)
  if (text.startsWith("'")) return text.slice(1, -1)
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\$`\n])/g, '$1') : text
}
