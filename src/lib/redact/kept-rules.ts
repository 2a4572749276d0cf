// The rule set that others keep up to date: secretlint's recommended one. Its rules are asked one by one, as its own
// program does, but for the one that obeys comments in the text: what is redacted must not decide that it is not.

import { rules } from '@secretlint/secretlint-rule-preset-recommend'
import type { SecretLintRuleContext, SecretLintSourceCode } from '@secretlint/types'
import type { Found } from './found.ts'

const prefix = '@secretlint/secretlint-rule-'

/** its rules by the names we use for the same things */
const kinds: Record<string, string> = {
  anthropic: 'anthropic-key',
  aws: 'aws-secret-key',
  github: 'github-token',
  gitlab: 'gitlab-token',
  npm: 'npm-token',
  openai: 'openai-key',
  privatekey: 'private-key',
  slack: 'slack-token',
}

/** take whole addresses away, of which ours takes the password */
const left = ['basicauth', 'database-connection-string']

const scanners = rules
  .map((rule) => ({ rule, name: rule.meta.id.replace(prefix, '') }))
  .filter(({ rule, name }) => rule.meta.type === 'scanner' && !left.includes(name))

export const keptRules = (text: string): Found[] => {
  const found: Found[] = []
  const source = sourceOf(text)
  for (const { rule, name } of scanners) {
    const context: SecretLintRuleContext = {
      sharedOptions: {},
      createTranslator: () => (messageId, data) => ({ message: '', messageId: String(messageId), data }),
      report: ({ range: [start, end] }) => found.push({ start, end, kind: kinds[name] ?? name }),
      ignore: () => {},
    }
    void rule.create(context, {}).file?.(source)
  }
  return found
}

/** A text that is no file. */
const sourceOf = (content: string): SecretLintSourceCode => {
  const nowhere = { line: 0, column: 0 }
  return {
    content,
    hasBOM: false,
    filePath: undefined,
    physicalFilePath: undefined,
    contentType: 'text',
    ext: '',
    getFilePath: () => undefined,
    getPhysicalFilePath: () => undefined,
    locationToRange: () => [0, 0],
    rangeToLocation: () => ({ start: nowhere, end: nowhere }),
    positionToIndex: () => 0,
    indexToPosition: () => nowhere,
  }
}
