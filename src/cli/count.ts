// A whole number that was typed.

import { WrongUsage } from './wrong-usage.ts'

export const countOf = (text: string, flag: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new WrongUsage(`${flag} must be a whole number, not ${text}`)
  return Number(text)
}
