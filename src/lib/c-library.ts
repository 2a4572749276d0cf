// The C library of this machine, for what the runtime has no call of its own for.

import { dlopen, type FFIFunction, type Library } from 'bun:ffi'

const names: readonly string[] =
  process.platform === 'darwin'
    ? ['libSystem.dylib']
    : ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']

/** Its functions by name. Throws the last library's error when there is none. */
export const openC = <F extends Record<string, FFIFunction>>(symbols: F): Library<F>['symbols'] => {
  let last: unknown
  for (const name of names) {
    try {
      return dlopen(name, symbols).symbols
    } catch (error) {
      last = error
    }
  }
  throw last instanceof Error ? last : new Error('There is no C library')
}
