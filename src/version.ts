// Which build this is; the build script puts it in.

declare const BUILD_VERSION: string | undefined

export const version: string = typeof BUILD_VERSION === 'undefined' ? '0.0.0-source' : BUILD_VERSION
