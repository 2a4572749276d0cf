// Values that stand where a secret will be: variables, ellipses, words that say so. They may be shown.

const variable = /^(?:\$|%\w+%$|<|\{|\[|\(|process\.env|os\.environ|import\.meta|env[.([])/
const words =
  /^(?:your|my|the|some|an?)[-_ ]|^(?:x{3,}|\*{3,}|\.{3}|•+|none|null|nil|true|false|undefined|optional|required|string|number|boolean|changeme|change[-_]me|placeholder|redacted|hidden|secret|password|passwd|token|example|test|todo|dummy|foobar)\b/i

export const isPlaceholder = (value: string): boolean => variable.test(value) || words.test(value)
