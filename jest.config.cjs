// TypeScript through swc, on the addon, which is built when it is missing.
'use strict'

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/build', '<rootDir>/dist', '<rootDir>/prebuilds'],
  globalSetup: '<rootDir>/test/api/support/global-setup.cjs',
  // Against what hangs. How long a disk takes is for no test to say.
  testTimeout: 120_000,
  transform: {
    '^.+\\.[jt]s$': ['@swc/jest', {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
      sourceMaps: 'inline',
    }],
  },
  // The peers of test/interop are ES modules, which jest runs only when they are transformed.
  transformIgnorePatterns: ['/node_modules/(?!(ts-mls|mls-ts|@noble)/)'],
  moduleNameMapper: {
    // Examples and peers say node-mls; here that is the source.
    '^node-mls$': '<rootDir>/lib/index.ts',
    // Its exports say nothing of `require`.
    '^mls-ts$': '<rootDir>/node_modules/mls-ts/dist/index.js',
  },
}
