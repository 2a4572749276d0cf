// Pieces of text that make the work of a redactor long when they come again and again.

export const hostile: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'beginnings of tokens': 'sk-ghp_xoxb-AKIAeyJ',
  'tokens without end': 'eyJaaaaaaaa.',
  addresses: 'https://a:',
  'passwords of addresses': '://:',
  'beginnings of keys': '-----BEGIN RSA PRIVATE KEY-----',
  'whole keys': '-----BEGIN PRIVATE KEY-----a-----END PRIVATE KEY-----',
  'keys without end': '-----BEGIN PRIVATE KEY-----~',
  headings: '-----BEGIN ',
  'names of secrets': 'password',
  assignments: 'password=',
  'open quotes': 'secret="',
  'upper-case names': 'API_KEY_',
  bearers: 'bearer ',
  spaces: '          ',
  dots: '.a',
  'connection strings': 'mongodb://a:b@',
  'equal signs': 'token==',
  'aws keys': 'aws_secret_access_key=',
  'npm tokens': '_authToken=',
}
