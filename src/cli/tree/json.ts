// The flag that every reading command has.

export const json = { type: 'boolean', default: false, description: 'print JSON for programs' } as const
